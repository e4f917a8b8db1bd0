/** The languages a report is written in. */
export const languages = ['fr', 'en'] as const
export type Language = (typeof languages)[number]

/** What an access was, as a patient understands it. */
export type AccessKind =
  | ('read' | 'found' | 'written' | 'deleted' | 'notified' | 'looked-at')
  | ('research-read' | 'research-export' | 'care-export')
  | ('reidentified' | 'opposition' | 'erasure' | 'report')

/** What was done, for each kind of access. */
const done: Readonly<Record<AccessKind, Readonly<Record<Language, string>>>> = {
  read: { fr: 'Dossier consulté', en: 'Record read' },
  found: { fr: 'Dossier trouvé par une recherche', en: 'Record found by a search' },
  written: { fr: 'Dossier complété ou modifié', en: 'Record added to or changed' },
  deleted: { fr: 'Élément du dossier supprimé', en: 'Part of the record deleted' },
  notified: {
    fr: 'Application prévenue d’un changement du dossier',
    en: 'Application told of a change of the record',
  },
  'looked-at': { fr: 'Dossier traité par une opération', en: 'Record dealt with by an operation' },
  'research-read': {
    fr: 'Données consultées sous pseudonyme par un projet',
    en: 'Data read under a pseudonym by a project',
  },
  'research-export': {
    fr: 'Données transmises sous pseudonyme à l’espace protégé d’un projet',
    en: 'Data put under a pseudonym into the protected space of a project',
  },
  'care-export': {
    fr: 'Transmission d’ensemble pour l’hôpital, qui a pu contenir ce dossier',
    en: 'Transfer in bulk for the hospital, which may have held this record',
  },
  reidentified: {
    fr: 'Identité retrouvée à partir d’un pseudonyme',
    en: 'Identity found again from a pseudonym',
  },
  opposition: {
    fr: 'Opposition à la recherche enregistrée, consultée ou levée',
    en: 'Opposition to research taken, read or lifted',
  },
  erasure: { fr: 'Effacement du dossier', en: 'Erasure of the record' },
  report: { fr: 'Relevé des accès établi', en: 'Report of accesses drawn up' },
}

const purposes: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  care: { fr: 'Soins', en: 'Care' },
  operations: { fr: 'Fonctionnement de l’hôpital', en: 'Operation of the hospital' },
  rights: { fr: 'Exercice de vos droits', en: 'Exercise of your rights' },
  'scientific-research': { fr: 'Recherche scientifique', en: 'Scientific research' },
  'care-evaluation': { fr: 'Évaluation des soins', en: 'Evaluation of care' },
  'quality-and-safety': { fr: 'Qualité et sécurité des soins', en: 'Quality and safety of care' },
  'public-health': { fr: 'Santé publique', en: 'Public health' },
  'hospital-planning': { fr: 'Pilotage de l’hôpital', en: 'Planning of the hospital' },
  teaching: { fr: 'Enseignement', en: 'Teaching' },
}

/** What was done, in a few words. */
export function whatWasDone(kind: AccessKind, language: Language): string {
  return done[kind][language]
}

/**
 * Why it was done.
 *
 * @param project of an access by a research project
 * @param ground of a re-identification, by its code
 */
export function whyItWasDone(
  kind: AccessKind,
  language: Language,
  project?: { readonly code: string; readonly title: string; readonly purposeCategory: string },
  ground?: string,
): string {
  if (project) {
    const purpose = purposes[project.purposeCategory]?.[language] ?? project.purposeCategory
    return language === 'fr'
      ? `${purpose} : projet ${project.code}, « ${project.title} », autorisé après avis du comité`
      : `${purpose}: project ${project.code}, “${project.title}”, permitted after the committee's opinion`
  }
  if (kind === 'reidentified') {
    const stated = ground === undefined ? '' : ` (${ground})`
    return language === 'fr'
      ? `Motif de la liste fermée${stated}, approuvé par deux personnes`
      : `Ground of the closed list${stated}, approved by two people`
  }
  return purposes[purposeOf(kind)]?.[language] ?? ''
}

function purposeOf(kind: AccessKind): string {
  if (kind === 'opposition' || kind === 'erasure' || kind === 'report') return 'rights'
  return kind === 'care-export' || kind === 'notified' || kind === 'looked-at' ? 'operations' : 'care'
}

/** Heads of the columns of a report as a table. */
export const columnHeads: Readonly<Record<Language, readonly string[]>> = {
  fr: ['Date', 'Qui', 'Application', 'Quoi', 'Éléments', 'Pourquoi'],
  en: ['When', 'Who', 'Application', 'What', 'Elements', 'Why'],
}

/** The first of the languages asked for that a report is written in; French where none is. @see RFC 9110 § 12.5.4 */
export function languageOf(acceptLanguage: string | undefined): Language {
  const ranked = (acceptLanguage ?? '')
    .split(',')
    .map((range) => {
      const [tag = '', quality] = range.trim().split(/\s*;\s*q=/)
      return { tag: tag.toLowerCase(), quality: quality === undefined ? 1 : Number(quality) }
    })
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality)
  for (const { tag } of ranked) {
    const found = languages.find((language) => tag === language || tag.startsWith(`${language}-`))
    if (found) return found
  }
  return 'fr'
}
