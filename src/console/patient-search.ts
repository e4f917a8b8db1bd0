import { Injectable } from '@nestjs/common'
import { restrict, type CareAccess } from '../access/access.ts'
import { waysOf } from '../access/ways.ts'
import { isObject, type Json, type Resource } from '../fhir/json.ts'
import { parseQuery } from '../fhir/search/parse-query.ts'
import { escapeValue } from '../fhir/search/search-escape.ts'
import { parseOptions } from '../interactions/context.ts'
import { resourceOf, seen } from '../interactions/released.ts'
import { Exchange } from '../rest/exchange.ts'
import { search } from '../store/search.ts'

/** What a patient is looked for by; '' where nothing was said. */
export interface PatientAsked {
  readonly name: string
  /** `YYYY-MM-DD` */
  readonly birthDate: string
  readonly identifier: string
}

/** As much of a patient as one must see to choose. */
export interface FoundPatient {
  readonly id: string
  /** '' when there is none */
  readonly name: string
  readonly birthDate: string | undefined
  readonly gender: string | undefined
}

export const mostPatients = 20

/** Finds patients for people who choose one, as the care base does for them, and on record like there. */
@Injectable()
export class PatientSearch {
  constructor(private readonly exchange: Exchange) {}

  /**
   * @returns the first {@link mostPatients}, and whether there are more
   * @throws FhirError 403 when the access does not let them search Patients, 400 for a date that is none
   */
  find(access: CareAccess, asked: PatientAsked): Promise<{ found: FoundPatient[]; more: boolean }> {
    return this.run(access, criteriaOf(asked))
  }

  /** One patient by id, to show whom a page is about; undefined when this access does not reach them. */
  async one(access: CareAccess, id: string): Promise<FoundPatient | undefined> {
    if (waysOf(access, 'Patient', 's').length === 0) return undefined
    return (await this.run(access, [['_id', escapeValue(id)]])).found[0]
  }

  private async run(access: CareAccess, pairs: [string, string][]) {
    const context = this.exchange.contextOf(access, '/fhir')
    const { query } = parseQuery('Patient', pairs, parseOptions(context, 'strict'))
    return context.store.read('care', async (tx) => {
      const prepared = await context.gate.prepare(tx, restrict(access, query))
      const page = await search(tx, prepared, { after: undefined, limit: mostPatients })
      const released = await context.gate.release(tx, access, page.rows)
      const names = pairs.map(([name]) => name)
      await context.record([seen(access, 'search-type', 'Patient', released, names)])
      return {
        found: released.map((one) => patientOf(one.id, resourceOf(one))),
        more: page.next !== undefined,
      }
    })
  }
}

/** Each word of a name is looked for by itself: people write them in any order. */
function criteriaOf({ name, birthDate, identifier }: PatientAsked): [string, string][] {
  const said = (parameter: string, value: string): [string, string][] =>
    value === '' ? [] : [[parameter, escapeValue(value)]]
  return [
    ...name.split(/\s+/).flatMap((word) => said('name', word)),
    ...said('birthdate', birthDate),
    ...said('identifier', identifier),
  ]
}

function patientOf(id: string, resource: Resource): FoundPatient {
  const text = (value: Json | undefined) => (typeof value === 'string' ? value : undefined)
  const names = [resource['name'] ?? []].flat().filter(isObject)
  const [name] = [...names.filter(({ use }) => use === 'official'), ...names]
  const words = [name?.['family'], ...[name?.['given'] ?? []].flat()].flatMap((word) => text(word) ?? [])
  return {
    ...{ id, name: words.length > 0 ? words.join(' ') : (text(name?.['text']) ?? '') },
    birthDate: text(resource['birthDate']),
    gender: text(resource['gender']),
  }
}
