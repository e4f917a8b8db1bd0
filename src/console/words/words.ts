import type { Permission } from '../../access/scope.ts'
import type { Language } from '../language.ts'
import { en } from './en.ts'
import { fr } from './fr.ts'

/** All that pages say. A language that lacks a word does not compile. */
export interface Words {
  readonly itself: string
  readonly skip: string
  readonly footer: string
  readonly signOut: (name: string) => string
  readonly signIn: Record<'title' | 'username' | 'password' | 'submit' | 'refused' | 'forApp', string>
  readonly code: Record<'title' | 'label' | 'hint' | 'submit' | 'refused', string>
  readonly factors: Record<FactorWord, string> & { readonly left: (count: number) => string }
  readonly expired: Notice
  readonly otherPerson: Record<'title' | 'change', string> & { readonly text: (username: string) => string }
  readonly refusedForm: Notice
  readonly failed: Notice
  readonly badRequest: Notice
  readonly patient: Record<PatientWord, string> & {
    readonly forApp: (app: string) => string
    readonly chooseWhom: (name: string) => string
    readonly sexes: Record<'male' | 'female' | 'other' | 'unknown', string>
  }
  readonly consent: Record<ConsentWord, string> & {
    readonly asks: (app: string) => string
    readonly limited: (filter: string) => string
  }
  readonly apps: Record<AppsWord, string> & { readonly revokeWhom: (app: string) => string }
  readonly home: Record<'title' | 'text' | 'forTools', string> & {
    readonly places: Record<'metadata' | 'openapi' | 'smart' | 'governance' | 'ready', string>
  }
  readonly actions: Record<Permission, string>
  /** of resource types; those that are not here go by their FHIR name */
  readonly types: Readonly<Record<string, string>>
  /** of codes of `category` */
  readonly categories: Readonly<Record<string, string>>
}

interface Notice {
  readonly title: string
  readonly text: string
}

type FactorWord =
  ('title' | 'short' | 'none' | 'set' | 'begin' | 'scan' | 'key' | 'confirm') | ('codes' | 'keep' | 'remove')
type PatientWord =
  | ('title' | 'name' | 'birthDate' | 'identifier' | 'search' | 'something' | 'none' | 'more')
  | ('found' | 'sex' | 'choose' | 'noRight' | 'unnamed' | 'dayForm')
type ConsentWord =
  | ('title' | 'about' | 'app' | 'site' | 'returns' | 'data' | 'untick' | 'identity')
  | ('offline' | 'offlineHint' | 'online' | 'research' | 'allow' | 'refuse')
  | ('emergency' | 'emergencyText' | 'emergencyReason' | 'emergencyAllow' | 'emergencyNoReason')
  | ('onlyOne' | 'allPatients' | 'everything')
type AppsWord =
  'title' | 'short' | 'none' | 'app' | 'may' | 'since' | 'lastUsed' | 'until' | 'revoke' | 'revoked'

export const words: Readonly<Record<Language, Words>> = { fr, en }
