import pg from 'pg'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** A text that must not be found, in the forms that it could hide in. */
export interface Needle {
  readonly text: string
  readonly form: string
  readonly bytes: Buffer
}

/** As it is, in lower and upper case; each of them plain, in UTF-16, base64, hex and JSON's escapes. */
export function needles(texts: readonly string[]): Needle[] {
  return texts.flatMap((text) =>
    [...new Set([text, text.toLowerCase(), text.toUpperCase()])].flatMap((cased) =>
      forms(cased).map(([form, bytes]) => ({ text, form, bytes })),
    ),
  )
}

function forms(text: string): [form: string, bytes: Buffer][] {
  const bytes = Buffer.from(text)
  const hex = bytes.toString('hex')
  const units = [...text].map((unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'))
  const escaped = units.map((unit) => `\\u${unit}`).join('')
  return [
    ['plain', bytes],
    ['UTF-16', Buffer.from(text, 'utf16le')],
    ['UTF-16 big-endian', Buffer.from(text, 'utf16le').swap16()],
    ['hex', Buffer.from(hex)],
    ['upper hex', Buffer.from(hex.toUpperCase())],
    ['JSON escapes', Buffer.from(escaped)],
    ['upper JSON escapes', Buffer.from(units.map((unit) => `\\u${unit.toUpperCase()}`).join(''))],
    ...[0, 1, 2].map((shift): [string, Buffer] => [
      `base64 from ${shift}`,
      Buffer.from(base64Core(bytes, shift)),
    ]),
  ]
}

/** What the base64 of anything has in it that holds these bytes `shift` bytes after a group of three. */
function base64Core(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/=+$/, '')
  const dirtyStart = Math.ceil((shift * 4) / 3)
  const dirtyEnd = (shift + bytes.length) % 3 === 0 ? 0 : 1
  return text.slice(dirtyStart, text.length - dirtyEnd)
}

/** A day as texts and numbers that programs write for it. @param day `YYYY-MM-DD` */
export function formsOfDay(day: string): string[] {
  const [year = '', month = '', date = ''] = day.split('-')
  return [day, `${year}${month}${date}`, `${date}/${month}/${year}`, ...millisecondsOf(day).map(String)]
}

/** The same as the eight bytes of a float in PostgreSQL's pages. */
export function floatsOfDay(day: string): Needle[] {
  return millisecondsOf(day).map((milliseconds) => {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleLE(milliseconds)
    return { text: day, form: 'float8', bytes }
  })
}

/** When the day begins in UTC, and in Paris one hour earlier. */
function millisecondsOf(day: string): number[] {
  return [0, 3_600_000].map((earlier) => Date.parse(day) - earlier)
}

/** @returns `place: text (form)` of each needle that is there */
export function find(place: string, bytes: Buffer, all: readonly Needle[]): string[] {
  return all
    .filter((needle) => bytes.includes(needle.bytes))
    .map(({ text, form }) => `${place}: ${text} (${form})`)
}

/** Searches every row, as text, of every table of every schema of databases, the system's own included. */
export async function findInTables(urls: readonly string[], all: readonly Needle[]): Promise<string[]> {
  const found: string[] = []
  for (const url of urls) found.push(...(await findInDatabase(url, all)))
  return found
}

async function findInDatabase(url: string, all: readonly Needle[]): Promise<string[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('ANALYZE') // so that the statistics hold samples of all columns
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', nspname, relname) AS name FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
       WHERE relkind IN ('r', 'm') AND nspname NOT LIKE 'pg_toast%' ORDER BY 1`,
    )
    const found: string[] = []
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(`SELECT one::text AS row FROM ${name} one`)
      found.push(...find(`table ${name}`, Buffer.from(rows.map(({ row }) => row).join('\n')), all))
    }
    await client.query('CHECKPOINT') // whatever is in memory goes to the files now
    return found
  } finally {
    await client.end()
  }
}

/** Searches every file below a folder. */
export function findInFiles(folder: string, all: readonly Needle[]): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .flatMap((file) => find(`file ${relative(folder, file)}`, readFileSync(file), all))
}
