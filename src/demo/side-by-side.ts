import { styleText } from 'node:util'
import type { Plain } from './story.ts'

const width = 62
const longestList = 40

/** Prints two resources beside each other, lines that are the same in both dimmed. */
export function showBeside(what: string, source: Plain, released: Plain, say: (line: string) => void): void {
  const left = lines(source)
  const right = lines(released)
  say(
    `\n   ${styleText('underline', `${what}, as care wrote it`.padEnd(width))}   ${styleText('underline', 'as it lies in the safe')}`,
  )
  const common = new Set(left.filter((line) => right.includes(line)))
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const [one = '', other = ''] = [left[index], right[index]]
    const paint = (line: string) => (common.has(line) ? styleText('dim', line) : line)
    say(`   ${paint(one) + ' '.repeat(width - one.length)}   ${paint(other)}`)
  }
}

/** One `path: value` line a leaf, in the order of the resource. */
function lines(resource: Plain): string[] {
  const all = leaves(resource, '').map(([path, value]) => cut(`${path}: ${value}`))
  return all.length > longestList
    ? [...all.slice(0, longestList - 1), `… ${all.length - longestList + 1} more`]
    : all
}

function cut(line: string): string {
  return line.length > width ? `${line.slice(0, width - 1)}…` : line
}

function leaves(value: unknown, path: string): [path: string, value: string][] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leaves(item, `${path}[${index}]`))
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, member]) =>
      leaves(member, path === '' ? name : `${path}.${name}`),
    )
  }
  return [[path, String(value)]]
}
