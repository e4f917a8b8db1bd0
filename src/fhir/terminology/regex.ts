/**
 * Regular expressions that somebody else wrote, matched in time linear in the text: the expression
 * becomes an automaton whose states are walked all at once, so that none can hang the server.
 *
 * Known: literals, `.`, classes, `\d \w \s` and their opposites, groups, `|`, `* + ? {n} {n,} {n,m}`, and
 * `^`, `$` at the ends. Not known, and never guessed at: look-around, back-references, other anchors.
 *
 * @returns undefined for an expression that is not known, or too large
 * @see FHIR R4 § ValueSet.compose.include.filter, `regex`
 */
export function compileRegex(source: string): Regex | undefined {
  if (source.length > maxStates) return undefined
  try {
    const node = new Reader(source.replace(/^\^/, '').replace(/(?<!\\)\$$/, '')).whole()
    const automaton: State[] = [{ accepts: undefined, next: [] }]
    const start = build(automaton, node, 0)
    return { states: automaton.length, fits: runner(automaton, start) }
  } catch (error) {
    if (error instanceof UnknownRegex) return undefined
    throw error
  }
}

export interface Regex {
  /** a text of n characters takes no more than n times as many steps */
  readonly states: number
  /** whether the whole text matches */
  fits(text: string): boolean
}

const maxStates = 400

class UnknownRegex extends Error {}

type Accepts = (character: string) => boolean

type Node =
  | { readonly kind: 'one'; readonly accepts: Accepts }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Node[] }
  /** max undefined: without end */
  | { readonly kind: 'repeat'; readonly of: Node; readonly min: number; readonly max: number | undefined }

// ---------------------------------------------------------------------------------------------

/** State 0 is the end. A state without `accepts` is passed through. */
interface State {
  readonly accepts: Accepts | undefined
  readonly next: number[]
}

/** Adds the states of a node that leads to `to`. @returns where it begins */
function build(automaton: State[], node: Node, to: number): number {
  switch (node.kind) {
    case 'one':
      return add(automaton, node.accepts, [to])
    case 'all':
      return node.of.reduceRight((end, part) => build(automaton, part, end), to)
    case 'any':
      return add(
        automaton,
        undefined,
        node.of.map((part) => build(automaton, part, to)),
      )
    case 'repeat':
      return buildRepeat(automaton, node, to)
  }
}

function buildRepeat(automaton: State[], node: Node & { kind: 'repeat' }, to: number): number {
  let start = to
  if (node.max === undefined) {
    start = add(automaton, undefined, [to])
    automaton[start]?.next.push(build(automaton, node.of, start))
  }
  for (let n = node.max ?? node.min; n > node.min; n--) {
    start = add(automaton, undefined, [build(automaton, node.of, start), to])
  }
  for (let n = node.min; n > 0; n--) start = build(automaton, node.of, start)
  return start
}

function add(automaton: State[], accepts: Accepts | undefined, next: number[]): number {
  if (automaton.length >= maxStates) throw new UnknownRegex()
  return automaton.push({ accepts, next }) - 1
}

/** Walks all states at once: of each character, those that it leads to. */
function runner(automaton: readonly State[], start: number): (text: string) => boolean {
  const begin = closure(automaton, [start])
  const after = automaton.map(({ next }) => closure(automaton, next))
  return (text) => {
    let states: ReadonlySet<number> | readonly number[] = begin
    for (const character of text) {
      const reached = new Set<number>()
      for (const at of states) {
        if (automaton[at]?.accepts?.(character)) for (const one of after[at] ?? []) reached.add(one)
      }
      if (reached.size === 0) return false
      states = reached
    }
    return [...states].includes(0)
  }
}

/** The end, and the states that look at a character, that some lead to without one. */
function closure(automaton: readonly State[], from: readonly number[]): number[] {
  const seen = new Set<number>()
  const waiting = [...from]
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (seen.has(at)) continue
    seen.add(at)
    if (automaton[at]?.accepts === undefined) waiting.push(...(automaton[at]?.next ?? []))
  }
  return [...seen].filter((at) => at === 0 || automaton[at]?.accepts !== undefined)
}

// ---------------------------------------------------------------------------------------------

/** Reads an expression from left to right. */
class Reader {
  private at = 0
  private readonly characters: readonly string[]

  constructor(source: string) {
    this.characters = [...source]
  }

  whole(): Node {
    const node = this.alternatives()
    if (this.at < this.characters.length) throw new UnknownRegex()
    return node
  }

  private alternatives(): Node {
    const of = [this.sequence()]
    while (this.take('|')) of.push(this.sequence())
    return { kind: 'any', of }
  }

  private sequence(): Node {
    const of: Node[] = []
    for (let next = this.peek(); next !== undefined && next !== '|' && next !== ')'; next = this.peek()) {
      of.push(this.repeated(this.atom()))
    }
    return { kind: 'all', of }
  }

  private atom(): Node {
    if (this.take('(')) {
      if (this.take('?') && !this.take(':')) throw new UnknownRegex()
      const node = this.alternatives()
      if (!this.take(')')) throw new UnknownRegex()
      return node
    }
    if (this.take('[')) return { kind: 'one', accepts: this.characterClass() }
    if (this.take('.')) return { kind: 'one', accepts: (character) => character !== '\n' }
    const next = this.next()
    if (next === '\\') return { kind: 'one', accepts: this.escaped() }
    if ('*+?{}[]^$'.includes(next)) throw new UnknownRegex()
    return { kind: 'one', accepts: (character) => character === next }
  }

  private repeated(node: Node): Node {
    const [min, max] = this.bounds()
    if (min === 1 && max === 1) return node
    this.take('?') // a lazy one matches the same whole texts
    if ('*+{'.includes(this.peek() ?? ' ')) throw new UnknownRegex()
    return { kind: 'repeat', of: node, min, max }
  }

  private bounds(): [min: number, max: number | undefined] {
    if (this.take('*')) return [0, undefined]
    if (this.take('+')) return [1, undefined]
    if (this.take('?')) return [0, 1]
    if (!this.take('{')) return [1, 1]
    const end = this.characters.indexOf('}', this.at)
    const [, min, comma, max] =
      /^(\d{1,3})(,?)(\d{0,3})$/.exec(this.characters.slice(this.at, end).join('')) ?? []
    if (end < 0 || min === undefined || (comma === '' && max !== '')) throw new UnknownRegex()
    this.at = end + 1
    const most = comma === '' ? Number(min) : max === '' ? undefined : Number(max)
    if (most !== undefined && most < Number(min)) throw new UnknownRegex()
    return [Number(min), most]
  }

  private characterClass(): Accepts {
    const negated = this.take('^')
    const accepts: Accepts[] = []
    for (let first = true; first || this.peek() !== ']'; first = false) {
      const from = this.next()
      if (from === '[' || from === '&') throw new UnknownRegex() // sets of other dialects
      if (from === '\\') accepts.push(this.escaped())
      else if (this.peek() === '-' && this.characters[this.at + 1] !== ']') accepts.push(this.range(from))
      else accepts.push((character) => character === from)
    }
    this.at++
    return (character) => accepts.some((one) => one(character)) !== negated
  }

  private range(from: string): Accepts {
    this.at++
    const to = this.next()
    if (to === '\\' || to === '[' || to < from) throw new UnknownRegex()
    return (character) => character >= from && character <= to
  }

  /** After a `\`: a class of characters, or a sign that would mean something else. */
  private escaped(): Accepts {
    const next = this.next()
    const classOf = classes[next]
    if (classOf) return (character) => classOf.test(character)
    if (/[\p{L}\p{N}]/u.test(next)) throw new UnknownRegex()
    return (character) => character === next
  }

  private peek(): string | undefined {
    return this.characters[this.at]
  }

  private next(): string {
    const next = this.characters[this.at++]
    if (next === undefined) throw new UnknownRegex()
    return next
  }

  private take(character: string): boolean {
    if (this.peek() !== character) return false
    this.at++
    return true
  }
}

const classes: Readonly<Record<string, RegExp>> = {
  d: /^[0-9]$/,
  D: /^[^0-9]$/,
  w: /^[A-Za-z0-9_]$/,
  W: /^[^A-Za-z0-9_]$/,
  s: /^\s$/,
  S: /^\S$/,
}
