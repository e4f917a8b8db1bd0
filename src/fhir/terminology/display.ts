import { normalise } from '../search/normalise.ts'
import type { Concept, Designation } from './code-system.ts'

/** What a code is called: a Concept of a CodeSystem, or a Member of a ValueSet. */
export type Named = Pick<Concept, 'code' | 'display' | 'designation'>

/**
 * The display of a code in a language, as far as its designations go, else the one it has.
 *
 * @param language BCP 47: `fr` takes `fr-FR` too, and `fr-CA` takes `fr` when there is nothing nearer
 */
export function displayIn({ display, designation }: Named, language: string | undefined): string | undefined {
  if (language === undefined) return display
  const spoken = designation.filter(({ language: one }) => one !== undefined && speaks(one, language))
  const [general] = language.split('-')
  const near = spoken.length > 0 ? spoken : designation.filter((one) => one.language === general)
  return (near.find(isDisplay) ?? near[0])?.value ?? display
}

function speaks(language: string, asked: string): boolean {
  const [one, other] = [language.toLowerCase(), asked.toLowerCase()]
  return one === other || one.startsWith(`${other}-`)
}

/** A designation without a use may stand for the display. */
function isDisplay({ use }: Designation): boolean {
  return use === undefined || use['code'] === 'display' || use['code'] === 'preferredForLanguage'
}

/** All that a code may be called, in any language. */
export function namesOf({ display, designation }: Named): string[] {
  return [...(display === undefined ? [] : [display]), ...designation.map(({ value }) => value)]
}

/** Whether a code is called so, case, accents and punctuation aside; undefined when it has no name here. */
export function isCalled(named: Named, display: string): boolean | undefined {
  const names = namesOf(named)
  const wanted = normalise(display)
  const isSame = (name: string) => name === display || (wanted !== '' && normalise(name) === wanted)
  return names.length === 0 ? undefined : names.some(isSame)
}

/**
 * What people type to find a code: each word begins one of its names, or the code itself.
 *
 * @see https://hl7.org/fhir/R4/valueset-operation-expand.html: "the interpretation of this is delegated to the server"
 */
export function textFilter(text: string): (named: Named) => boolean {
  const words = wordsOf(text)
  return (named) => {
    if (named.code.toLowerCase().startsWith(text.trim().toLowerCase())) return true
    const found = [named.code, ...namesOf(named)].flatMap(wordsOf)
    return words.length > 0 && words.every((word) => found.some((one) => one.startsWith(word)))
  }
}

function wordsOf(text: string): string[] {
  return normalise(text).split(' ').filter(Boolean)
}
