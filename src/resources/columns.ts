import {
  compartmentParameters,
  onSearchParametersChange,
  searchParameters,
  type SearchParameter,
  typeDefinition,
} from '../fhir/definitions.ts'
import { roomFor } from './room.ts'

/** Which search parameters of a type are answered from columns of their own instead of the general index. */
export interface Columns {
  readonly date: string | undefined
  readonly quantity: string | undefined
  /**
   * parameters that are the row's `patient` column when they point at a Patient: `patient`, `subject`.
   * Empty when the type can name several patients in them.
   */
  readonly owner: ReadonlySet<string>
  /** parameters that put the row into patients' compartments, the owner's first */
  readonly compartment: readonly string[]
}

/**
 * A parameter of URIs of which nearly every row has one, and all rows the same few. Others, `url` and
 * `_source` for two, may differ in each.
 */
export function isRepeatedUri(code: string): boolean {
  return code === '_profile'
}

const cache = new Map<string, Columns>()
onSearchParametersChange(() => cache.clear())

export function columnsFor(type: string): Columns {
  let columns = cache.get(type)
  if (!columns) cache.set(type, (columns = readColumns(type)))
  return columns
}

/** The usual names of a type's main date, where its room does not say another. */
const usualDates = [
  'date',
  'period',
  'authoredon',
  'authored',
  'recorded',
  'created',
  'started',
  'sent',
  'occurrence',
]

function readColumns(type: string): Columns {
  const room = roomFor(type)
  const parameters = searchParameters(type)
  const compartment = compartmentParameters('Patient', type).filter(
    (code) => code !== '{def}' && code !== 'link',
  )
  const first = ['patient', 'subject'].find((code) => parameters.has(code))
  // rows of a type that is in no patient's compartment are no patient's, whomever they name
  const isOwned = compartment.length > 0 && first !== undefined && isSingle(type, first)
  const owner = isOwned ? ownerAliases(type, first) : []
  const order = [...owner, ...compartment.filter((code) => !owner.includes(code))]
  return {
    date: room.mainDate ?? usualDates.find((code) => isMainDate(type, parameters.get(code))),
    quantity: room.mainQuantity,
    owner: new Set(owner),
    compartment: compartment.length > 0 ? order : [],
  }
}

/** One column holds one date: the timings of a MedicationRequest's dosages would be taken for the time between. */
function isMainDate(type: string, parameter: SearchParameter | undefined): boolean {
  if (parameter?.type !== 'date') return false
  const own = (parameter.expression ?? '').split('|').filter((part) => part.includes(`${type}.`))
  const path =
    own.length === 1 ? new RegExp(`${type}((?:\\.\\w+(?![\\w(]))+)`).exec(own[0] ?? '')?.[1] : undefined
  return path !== undefined && isSingular(type, path.slice(1).split('.'))
}

/** Whether a path leads to one value at most; a choice, `effective`, does when all of its forms do. */
function isSingular(type: string, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true
  const forms = [...typeDefinition(type).properties.values()].filter(
    (property) => property.name === name || property.choice === name,
  )
  return (
    forms.length > 0 &&
    forms.every((form) => !form.array && (rest.length === 0 || isSingular(form.type, rest)))
  )
}

/** The element an expression of the form `Type.element…` starts from, for this type. */
function rootElement(type: string, code: string): string | undefined {
  const expression = searchParameters(type).get(code)?.expression ?? ''
  const own = expression.split('|').map((part) => new RegExp(`^\\(?${type}\\.(\\w+)`).exec(part.trim()))
  const found = own.filter((match) => match !== null).map((match) => match[1])
  return found.length === 1 ? found[0] : undefined
}

function isSingle(type: string, code: string): boolean {
  const element = rootElement(type, code)
  const property = element === undefined ? undefined : typeDefinition(type).properties.get(element)
  return property?.type === 'Reference' && !property.array
}

function ownerAliases(type: string, code: string): string[] {
  const element = rootElement(type, code)
  return ['patient', 'subject'].filter(
    (alias) => searchParameters(type).has(alias) && rootElement(type, alias) === element,
  )
}
