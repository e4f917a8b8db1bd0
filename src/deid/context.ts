import type { Json, JsonObject, Resource } from '../fhir/json.ts'

/** Everything a release depends on beside the resource: the permit's secrets as functions, and its limits. */
export interface ReleaseContext {
  /** the permit's id, written into `meta.tag` */
  readonly permit: string
  /** the id under which a resource goes out: its own, or a reference's target */
  pseudonym(type: string, id: string): string
  /** whether a resource is part of this release; references to others are dropped */
  isReleased(type: string, id: string): boolean
  /** a DICOM UID in its dotted form to `2.25.…`, equal wherever it occurs */
  uid(uid: string): string
  /** the patient's offset in days, never 0 */
  readonly shiftDays: number
  /** the display a terminology has for a code; what the resource says is never used */
  display(system: string, code: string): string | undefined
  /** code system URIs whose codes may leave */
  readonly codeSystems: ReadonlySet<string>
  /** approved root elements, a choice by its base name or JSON name; mandatory ones stay; absent: all the rules allow */
  readonly elements?: readonly string[] | undefined
  /** the year of the release, for the cap of a birth year at 90 */
  readonly clockYear: number
}

/** Why a resource cannot leave, and at which element of the definitions. Never holds a value. */
export interface RefusalReason {
  readonly reason:
    /** its type has no table */
    | 'no-rules'
    /** an extension that changes the meaning of what it is in */
    | 'modifier-extension'
    /** it is about somebody or something that is not in the release */
    | 'subject-not-released'
    /** FHIR demands an element that must not leave or is not there */
    | 'mandatory-element'
  readonly path: string
}

/** One resource on its way out. The only state of de-identification; it ends with the call. */
export interface Run {
  readonly context: ReleaseContext
  /** contained resources of the source, by their id */
  readonly contained: ReadonlyMap<string, Resource>
  /** what leaves of a contained resource, but its id */
  readonly releaseContained: (resource: Resource, context: ReleaseContext) => JsonObject | undefined
  /** `#id` of the source → `#id` of the release; undefined when it must not leave */
  readonly renamed: Map<string, string | undefined>
  /** the contained resources that leave, as their first reference is met */
  readonly leaving: JsonObject[]
  /** the first reason to refuse that was met */
  refused: RefusalReason | undefined
}

/** Turns one value (of an array: one item) into what leaves of it; undefined: nothing does. Never alters its input. */
export type Release = (value: Json, run: Run) => Json | undefined
