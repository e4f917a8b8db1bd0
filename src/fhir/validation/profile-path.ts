import type { ElementDefinition } from './structure-definition.ts'

/** A part of an element's id: `component:systolic` is the slice `systolic` of `component`. */
export interface Segment {
  /** without `[x]` */
  readonly name: string
  readonly slice: string | undefined
}

/**
 * The way from the root to each element of a list. An element says it in its id; older profiles have
 * none, and leave it to the order of the list: a path belongs to the slice named last before it.
 *
 * @see FHIR R4 § ElementDefinition, "Element IDs in Element Definitions"
 */
export function segmentsOf(
  elements: readonly ElementDefinition[],
): { readonly element: ElementDefinition; readonly segments: readonly Segment[] }[] {
  const idByPath = new Map<string, string>()
  return elements.map((element) => {
    const id = isTold(element) ? element.id : idFromOrder(element, idByPath)
    idByPath.set(element.path, id)
    return { element, segments: id.split('.').map(segment) }
  })
}

function isTold(element: ElementDefinition): element is ElementDefinition & { id: string } {
  const { id, path, sliceName } = element
  if (id === undefined || id.split('.').length !== path.split('.').length) return false
  return sliceName === undefined || id.slice(id.lastIndexOf('.') + 1).includes(':')
}

function idFromOrder({ path, sliceName }: ElementDefinition, idByPath: ReadonlyMap<string, string>): string {
  const cut = path.lastIndexOf('.')
  const slice = sliceName === undefined ? '' : `:${sliceName}`
  if (cut < 0) return path + slice
  const parent = path.slice(0, cut)
  return (idByPath.get(parent) ?? parent) + path.slice(cut) + slice
}

function segment(text: string): Segment {
  const cut = text.indexOf(':')
  const name = cut < 0 ? text : text.slice(0, cut)
  return { name: name.replace(/\[x\]$/, ''), slice: cut < 0 ? undefined : text.slice(cut + 1) }
}
