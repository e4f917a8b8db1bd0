import { issue, type Issue } from '../fhir/outcome.ts'

/** How far a source was read: lines and bytes of its content, uncompressed. */
export interface Position {
  readonly line: number
  readonly offset: number
}

export const beginning: Position = { line: 0, offset: 0 }

/** One JSON document of a source, or why it could not be taken as text. */
export interface SourceDocument {
  /** 1 for the first; a `.json` file is one document at line 1 */
  readonly line: number
  /** just behind the document */
  readonly end: Position
  readonly content: { readonly text: string } | { readonly fault: Issue }
}

/** Lines up to 10 MB are met; beyond this we do not hold one in memory. */
const longestLine = 64 * 1024 * 1024

const newline = 0x0a

/**
 * Splits a stream of bytes into lines. One line is held at a time; blank ones are passed over and counted.
 *
 * @param from where the stream begins in its source
 */
export async function* splitLines(
  stream: AsyncIterable<Buffer>,
  from: Position,
  longest = longestLine,
): AsyncGenerator<SourceDocument> {
  let { line, offset } = from
  let parts: Buffer[] = []
  let held = 0
  const finish = (): SourceDocument | undefined => {
    line++
    const end = { line, offset }
    const content = held > longest ? { fault: tooLong(longest) } : decode(Buffer.concat(parts))
    parts = []
    held = 0
    return 'text' in content && content.text.trim() === '' ? undefined : { line, end, content }
  }
  for await (const chunk of stream) {
    for (let start = 0; start < chunk.length;) {
      const found = chunk.indexOf(newline, start)
      const stop = found === -1 ? chunk.length : found + 1
      held += stop - start
      offset += stop - start
      // what is too long is counted and forgotten
      if (held <= longest) parts.push(chunk.subarray(start, stop))
      else parts = []
      start = stop
      const document = found === -1 ? undefined : finish()
      if (document) yield document
    }
  }
  const last = held > 0 ? finish() : undefined
  if (last) yield last
}

/**
 * Takes the whole stream as one document.
 *
 * @param from the beginning, or the end of a document that was taken before: then there is nothing more
 */
export async function* wholeDocument(
  stream: AsyncIterable<Buffer>,
  from: Position,
  longest = longestLine * 4,
): AsyncGenerator<SourceDocument> {
  if (from.line > 0) return
  let parts: Buffer[] = []
  let offset = 0
  for await (const chunk of stream) {
    offset += chunk.length
    if (offset <= longest) parts.push(chunk)
    else parts = []
  }
  const content = offset > longest ? { fault: tooLong(longest) } : decode(Buffer.concat(parts))
  yield { line: 1, end: { line: 1, offset }, content }
}

function tooLong(longest: number): Issue {
  return issue('too-long', `longer than ${longest} bytes`)
}

function decode(bytes: Buffer): SourceDocument['content'] {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { fault: issue('structure', 'not UTF-8') }
  }
}
