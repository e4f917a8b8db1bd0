import type { Item } from '../element-item.ts'
import { isObject } from '../json.ts'
import { codesOf, membership, type Membership } from './membership.ts'
import type { ElementDefinition } from './structure-definition.ts'
import { noteUnchecked, type Run } from './validate-run.ts'

type Binding = NonNullable<ElementDefinition['binding']>
type ItemCheck = (item: Item, run: Run) => void

const severities: Readonly<Record<string, 'error' | 'warning' | 'information'>> = {
  required: 'error',
  extensible: 'warning',
  preferred: 'information',
}

/** Published profiles leave bindings behind on elements that can have none. @see eld-11 */
const bindable: ReadonlySet<string> = new Set([
  ...['code', 'Coding', 'CodeableConcept', 'Quantity', 'string', 'uri', 'url', 'canonical'],
  ...['Age', 'Count', 'Distance', 'Duration'],
])

/**
 * The check of a binding: a code outside a required ValueSet is an error, outside an extensible one a
 * warning, because a person must tell whether none of its concepts would have fitted.
 *
 * @returns undefined for an example binding, which asks for nothing
 * @see FHIR R4 § Terminologies, "Binding Strengths"
 */
export function bindingCheckOf({ strength, valueSet }: Binding): ItemCheck | undefined {
  const severity = severities[strength]
  if (severity === undefined || valueSet === undefined) return undefined
  const url = valueSet.split('|')[0] ?? ''
  const name = url.slice(url.lastIndexOf('/') + 1)
  const rule = `a code of the ValueSet ${name} expected (${strength} binding)`
  return (item, run) => {
    if ((severity !== 'error' && run.errorsOnly) || !bindable.has(item.type)) return
    const found = isBound(item, url, strength)
    if (found === 'out') run.report.note(severity, 'code-invalid', item.path, rule)
    else if (found === 'unknown' && severity !== 'information') {
      noteUnchecked(run, item.path, `the ValueSet ${name} cannot be listed from the packages that are held`)
    }
  }
}

function isBound({ value, sibling }: Item, valueSet: string, strength: string): Membership {
  const codes = codesOf(value)
  if (codes.length === 0) return isExcused(value, sibling, strength) ? 'in' : 'out'
  const found = codes.map((code) => membership(valueSet, code))
  if (found.includes('in')) return 'in'
  return found.includes('unknown') ? 'unknown' : 'out'
}

/** Without a code: an extension may say why; text alone will do unless the binding is required. */
function isExcused(value: Item['value'], sibling: Item['sibling'], strength: string): boolean {
  if (sibling?.['extension'] !== undefined) return true
  if (!isObject(value)) return false
  return strength !== 'required' || value['extension'] !== undefined
}
