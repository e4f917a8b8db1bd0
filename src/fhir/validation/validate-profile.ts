import { rootItem, type Item } from '../element-item.ts'
import { isA } from '../search/expression-type.ts'
import { PlainForms } from './invariant-data.ts'
import { isObject, type Json, type Resource } from '../json.ts'
import type { Issue } from '../outcome.ts'
import { compileProfile } from './profile-check.ts'
import { heldProfiles, UnusableProfile, type Profiles } from './profile-tree.ts'
import { checkClaims, checkElements } from './validate-element.ts'
import { Report } from './validate-report.ts'
import type { Run } from './validate-run.ts'
import { validate } from './validate.ts'

export interface ProfileValidation {
  readonly expectedType?: string | undefined
  /** canonical URLs to check against, beside those that the resource claims in `meta.profile` */
  readonly against?: readonly string[]
  /**
   * For a write: what is no error is not looked at, and a claimed profile that is not held is one,
   * because what cannot be checked is not known to hold.
   */
  readonly errorsOnly?: boolean
  /** where profiles are found; absent: in the packages */
  readonly profiles?: Profiles
}

/**
 * Validates a resource in full: its structure, the invariants of R4, the extensions it uses, the
 * profiles it claims and those that are asked for; of a Bundle every entry. Everything is answered from
 * the definitions that are held; what they cannot answer is named in an issue `not-supported`.
 *
 * @returns `[]` when there is nothing to say; at most 100 errors and as many other issues. No value of
 *   the resource is repeated in them. Where the structure is broken, only that is told
 * @see FHIR R4 § Validating Resources
 */
export function validateProfile(resource: Json, options: ProfileValidation = {}): readonly Issue[] {
  const { expectedType, against = [], errorsOnly = false, profiles = heldProfiles } = options
  const structure = validate(resource, expectedType)
  if (structure.some(({ code }) => code === 'structure' || code === 'value')) return structure
  const root = resource as Resource
  const report = new Report()
  const budget = { left: maxEvaluations }
  const run = newRun({ root, errorsOnly, report, profiles, budget })
  const item = rootItem(root)
  checkElements(item, run)
  checkClaims(item, run)
  for (const profile of against) run.check(item, profile)
  return [...structure, ...report.issues]
}

/** Invariants of one resource, entries of a Bundle included: about a second of work. */
const maxEvaluations = 20_000

/** Answers already given, by profile and value: slices within slices would ask the same over and over. */
type Answers = Map<string, WeakMap<object, boolean | undefined>>

type Given = Pick<Run, 'root' | 'errorsOnly' | 'report' | 'profiles' | 'budget'>

function newRun(given: Given, answers: Answers = new Map()): Run {
  const run: Run = {
    ...given,
    plain: new PlainForms(),
    check: (item, profile) => checkProfile(item, profile, run),
    conforms: (item, profile) => {
      const { value } = item
      if (!isObject(value)) return conforms(item, profile, run, answers)
      const ofProfile = answers.get(profile) ?? new WeakMap<object, boolean | undefined>()
      answers.set(profile, ofProfile)
      if (!ofProfile.has(value)) {
        // two resources that refer to each other: what is being asked already is not asked again
        ofProfile.set(value, true)
        ofProfile.set(value, conforms(item, profile, run, answers))
      }
      return ofProfile.get(value)
    },
  }
  return run
}

function conforms(
  item: Item,
  profile: string,
  { root, profiles, budget }: Run,
  answers: Answers,
): boolean | undefined {
  const report = new Report()
  newRun({ root, errorsOnly: false, report, profiles, budget }, answers).check(item, profile)
  const wrong = report.issues.filter(({ severity }) => severity === 'error')
  if (wrong.some(({ code }) => code !== 'not-supported')) return false
  const isUnchecked = report.issues.some(
    ({ severity, code }) => severity !== 'information' && code === 'not-supported',
  )
  return isUnchecked ? undefined : true
}

type ItemCheck = (item: Item, run: Run) => void

const compiled = new WeakMap<Profiles, Map<string, ItemCheck>>()

/** What is not held is not remembered, nor repeated: its URL is a caller's text. */
function checkProfile(item: Item, profile: string, run: Run): void {
  if (!run.profiles.definition(profile)) {
    return run.report.note('error', 'not-supported', item.path, 'the profile to check against is not held')
  }
  const checks = compiled.get(run.profiles) ?? new Map<string, ItemCheck>()
  compiled.set(run.profiles, checks)
  let check = checks.get(profile)
  if (!check) checks.set(profile, (check = compile(profile, run.profiles)))
  check(item, run)
}

/** A profile that cannot be used is an issue of everything that is checked against it, never a pass. */
function compile(profile: string, profiles: Profiles): ItemCheck {
  try {
    const tree = profiles.tree(profile)
    const check = compileProfile(tree, profiles)
    return (item, run) => {
      if (isA(item.type, tree.type) || isAbstract(tree.type)) check(item, run)
      else run.report.note('error', 'structure', item.path, 'of another type than the profile is for')
    }
  } catch (error) {
    if (!(error instanceof UnusableProfile)) throw error
    const rule = `cannot be checked: ${error.message}`
    return (item, run) => run.report.note('error', 'not-supported', item.path, rule)
  }
}

function isAbstract(type: string): boolean {
  return type === 'Resource' || type === 'DomainResource'
}
