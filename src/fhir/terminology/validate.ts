import type { CodeSystem, Concept } from './code-system.ts'
import type { Content } from './content.ts'
import { displayIn, isCalled, type Named } from './display.ts'
import type { Terminology } from './terminology.ts'

/** A Coding, as far as it is judged. */
export interface Coding {
  readonly system: string | undefined
  readonly version: string | undefined
  readonly code: string | undefined
  readonly display: string | undefined
}

/** What `$validate-code` says of a code. */
export interface Verdict {
  /** undefined: what is held does not tell */
  readonly result: boolean | undefined
  /** why not; or what was not looked at */
  readonly message: string | undefined
  /** what the code should be called */
  readonly display: string | undefined
}

export interface ValidateOptions {
  /** a code that only groups is good enough */
  readonly abstract: boolean
  readonly displayLanguage: string | undefined
}

/**
 * Whether a code is in a ValueSet, and called what it says.
 *
 * @see https://hl7.org/fhir/R4/valueset-operation-validate-code.html
 */
export function validateInValueSet(
  coding: Coding,
  content: Content,
  terminology: Terminology,
  options: ValidateOptions,
): Verdict {
  const { system: url, version } = coding
  if (url === undefined || coding.code === undefined) return refused('a code without a system')
  const system = terminology.codeSystem(version === undefined ? url : `${url}|${version}`)
  if (version !== undefined && !system) return undecided('the code system is not held in this version')
  const concept = system?.concept(coding.code)
  // as it is written, then as the code system writes it
  const written = content.has(url, coding.code)
  const code = written === true ? coding.code : (concept?.code ?? coding.code)
  const has = written === true ? true : content.has(url, code)
  if (has === undefined) return undecided('what is held of the value set does not tell')
  if (!has) return refused('the code is not in the value set')
  return judgeConcept(coding, concept, content.member(url, code) ?? concept, options)
}

/**
 * Whether a code is one of a CodeSystem, and called what it says.
 *
 * @see https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
 */
export function validateInCodeSystem(coding: Coding, system: CodeSystem, options: ValidateOptions): Verdict {
  if (coding.system !== undefined && coding.system !== system.url) {
    return refused('the code is of another code system')
  }
  if (coding.version !== undefined && coding.version !== system.version) {
    return undecided('the code system is not held in this version')
  }
  const concept = coding.code === undefined ? undefined : system.concept(coding.code)
  if (concept) return judgeConcept(coding, concept, concept, options)
  return system.isComplete
    ? refused('the code is not in the code system')
    : undecided('the code system is not held as a whole')
}

/** "One of the codings": the first that is good, else one that nobody can tell, else one that is not. */
export function bestOf(verdicts: readonly Verdict[]): Verdict {
  return (
    verdicts.find(({ result }) => result === true) ??
    verdicts.find(({ result }) => result === undefined) ??
    verdicts[0] ??
    refused('no coding')
  )
}

function judgeConcept(
  { display: given }: Coding,
  concept: Concept | undefined,
  named: Named | undefined,
  { abstract, displayLanguage }: ValidateOptions,
): Verdict {
  const display = named && displayIn(named, displayLanguage)
  if (concept?.abstract && !abstract) return { ...refused('the code is abstract'), display }
  const called = given === undefined ? true : named && isCalled(named, given)
  if (called === false) return { ...refused('the display is none of the code'), display }
  const message =
    called === undefined
      ? 'the display was not checked: none is held'
      : concept?.inactive
        ? 'the code is inactive'
        : undefined
  return { result: true, message, display }
}

function refused(message: string): Verdict {
  return { result: false, message, display: undefined }
}

function undecided(message: string): Verdict {
  return { result: undefined, message, display: undefined }
}
