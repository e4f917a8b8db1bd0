import { text, type Convert, type Extraction, type Purpose } from './convert.ts'
import { tokenOfPlainIdentifier } from './convert-token.ts'
import { isObject } from '../json.ts'
import { isId, parseReference } from '../reference.ts'

/** References and URIs of each data type. @see FHIR R4 § Search, "reference", "uri" */

/**
 * The index value of a reference's text: local ones by type and id, whatever version they name.
 * Contained and conditional ones lead nowhere that a search can name.
 */
function pushReference(parameter: string, to: Extraction, reference: string): void {
  const parsed = parseReference(reference, to.base)
  const local = parsed.kind === 'relative' || (parsed.kind === 'absolute' && parsed.local)
  const url = !local && 'url' in parsed ? parsed.url : undefined
  to.found.push({
    kind: 'reference',
    parameter,
    type: local ? parsed.type : undefined,
    id: local ? parsed.id : undefined,
    url,
  })
}

/** `Reference.identifier` goes beside, as tokens under `subject:identifier`. */
export function referenceOf({ parameter, property }: Purpose): Convert {
  const identifier = { parameter: `${parameter}:identifier`, caseSensitive: true, property }
  const ofIdentifier = tokenOfPlainIdentifier(identifier)
  return (value, to) => {
    if (!isObject(value)) return
    pushReference(parameter, to, text(value['reference']) ?? '')
    if (isObject(value['identifier'])) ofIdentifier(value['identifier'], to)
  }
}

/** A canonical with a version is found by its URL alone, too. */
export function referenceOfCanonical({ parameter }: Purpose): Convert {
  return (value, to) => {
    if (typeof value !== 'string') return
    for (const url of withAndWithoutVersion(value)) {
      const parsed = parseReference(url, to.base)
      if (parsed.kind === 'relative' || (parsed.kind === 'absolute' && parsed.local)) {
        pushReference(parameter, to, url)
      } else {
        to.found.push({ kind: 'reference', parameter, type: undefined, id: undefined, url })
      }
    }
  }
}

/** What `Bundle.entry[0].resource` is by each parameter; in a Bundle for another use it is something else. */
const leadingEntries: Readonly<Record<string, string>> = {
  composition: 'Composition',
  message: 'MessageHeader',
}

/** `Bundle.entry[0].resource`: the entry stands for a reference to it. */
export function referenceOfEntry({ parameter }: Purpose): Convert {
  return (value, to) => {
    if (!isObject(value) || value['resourceType'] !== leadingEntries[parameter]) return
    const id = text(value['id'])
    const known = id !== undefined && isId(id)
    to.found.push({
      kind: 'reference',
      parameter,
      type: known ? leadingEntries[parameter] : undefined,
      id: known ? id : undefined,
      url: undefined,
    })
  }
}

export function uriOf({ parameter }: Purpose): Convert {
  return (value, to) => {
    if (typeof value === 'string') to.found.push({ kind: 'uri', parameter, uri: value })
  }
}

export function uriOfCanonical({ parameter }: Purpose): Convert {
  return (value, to) => {
    if (typeof value !== 'string') return
    for (const uri of withAndWithoutVersion(value)) to.found.push({ kind: 'uri', parameter, uri })
  }
}

function withAndWithoutVersion(canonical: string): readonly string[] {
  const bar = canonical.indexOf('|')
  return bar < 0 ? [canonical] : [canonical, canonical.slice(0, bar)]
}
