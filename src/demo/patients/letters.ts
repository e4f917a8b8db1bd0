import { ageAt, clockTime, dayOf, longDate, shortDate, type Day, type Minute } from './calendar.ts'
import { hospitalName, type Doctor, type Service } from './hospital.ts'
import { courtesyName, fullName, type Person } from './person.ts'
import type { Random } from './random.ts'

/** Who writes, from where, about whom, when. */
export interface Letter {
  readonly person: Person
  readonly service: Service
  readonly author: Doctor
  /** who asked for the examination */
  readonly referrer: Doctor
  readonly writtenAt: Minute
  readonly examinedAt: Minute
  /** accession or specimen number */
  readonly number: string
}

/** The frame of a report as French hospitals print it: full of what identifies. */
export function letter(from: Random, about: Letter, title: string, body: readonly string[]): string {
  const { person, service, author, referrer, writtenAt } = about
  const born = person.gender === 'female' ? 'née' : 'né'
  const age = ageAt(person.birth, dayOf(about.examinedAt))
  const reachable = person.mobile ?? person.home ?? person.relative.phone
  return [
    `${hospitalName.toUpperCase()} - ${service.name}`,
    `Secrétariat : ${service.phone} - ${author.name} (RPPS ${author.rpps})`,
    '',
    `Rennes, le ${longDate(dayOf(writtenAt))}`,
    '',
    `Patient : ${person.family.toUpperCase()} ${person.given.join(' ')}`,
    `${born} le ${shortDate(person.birth)} (${ageText(age)}) à ${person.birthPlace.name}`,
    `IPP : ${person.ipp} - INS : ${spacedNir(person.nir)}`,
    `Demeurant : ${person.street}, ${person.town.postalCode} ${person.town.name} - Tél. ${reachable}`,
    `Demande n° ${about.number} du ${shortDate(dayOf(about.examinedAt))}, prescripteur : ${referrer.name}`,
    '',
    title.toUpperCase(),
    '',
    ...body,
    '',
    closing(from, about),
    '',
    author.name,
    `Document validé électroniquement le ${shortDate(dayOf(writtenAt))} à ${clockTime(writtenAt)}`,
    '',
  ].join('\n')
}

function closing(from: Random, { person, referrer, examinedAt, writtenAt }: Letter): string {
  const relative = `${person.relative.given} ${person.relative.family.toUpperCase()}`
  return from.pick([
    `Résultats transmis par téléphone au ${referrer.name} (${referrer.phone}) le ${shortDate(dayOf(writtenAt))}.`,
    `Double adressé au médecin traitant, ${person.familyDoctor.name}.`,
    `${courtesyName(person, ageAt(person.birth, dayOf(examinedAt)))} sera revu${person.gender === 'female' ? 'e' : ''} en consultation.`,
    `Famille prévenue (${relative}, ${person.relative.phone}).`,
  ])
}

/** What goes into `conclusion`: short, and still it names people and days. */
export function conclusionOf(from: Random, about: Letter, findings: string): string {
  const { person, examinedAt } = about
  const age = ageAt(person.birth, dayOf(examinedAt))
  return from.pick([
    findings,
    `${courtesyName(person, age)}, ${ageText(age)} : ${findings}`,
    `${findings} Comparaison avec l'examen du ${shortDate(earlier(from, examinedAt))} : pas d'autre évolution.`,
    `${findings} Avis pris auprès du ${about.referrer.name} pour ${fullName(person)}.`,
  ])
}

function earlier(from: Random, minute: Minute): Day {
  return dayOf(minute) - from.integer(40, 900)
}

function ageText(age: number): string {
  return age < 2 ? 'nourrisson' : `${age} ans`
}

/** `2 48 03 35 238 912 45` */
function spacedNir(nir: string): string {
  return nir.replace(/^(.)(..)(..)(..)(...)(...)(..)$/, '$1 $2 $3 $4 $5 $6 $7')
}

/** Macroscopy, microscopy and conclusion by organ. */
export const pathologyTexts: Readonly<
  Record<string, { readonly macro: string; readonly conclusion: readonly string[] }>
> = {
  sein: {
    macro:
      'Pièce de tumorectomie orientée de 42 g, mesurant 6,2 x 5,1 x 3,4 cm. Lésion blanchâtre étoilée de 14 mm.',
    conclusion: [
      'Carcinome infiltrant de type non spécifique, grade II SBR, RE 95 %, RP 80 %, HER2 négatif. Limites saines.',
      'Carcinome lobulaire infiltrant, grade II SBR, RE 90 %, RP 10 %, HER2 négatif. Limites saines.',
    ],
  },
  prostate: {
    macro: 'Douze carottes biopsiques de 8 à 15 mm, adressées en douze pots étiquetés.',
    conclusion: [
      'Adénocarcinome acinaire, score de Gleason 7 (3 + 4), 4 carottes sur 12.',
      'Adénocarcinome acinaire, score de Gleason 6 (3 + 3), 2 carottes sur 12.',
    ],
  },
  côlon: {
    macro: 'Pièce de colectomie de 24 cm. Lésion bourgeonnante et sténosante de 4,5 cm.',
    conclusion: [
      'Adénocarcinome lieberkühnien moyennement différencié, pT3 N1a (1/18). Marges saines.',
      'Adénocarcinome lieberkühnien bien différencié, pT2 N0 (0/21). Marges saines.',
    ],
  },
  poumon: {
    macro: 'Biopsies bronchiques : quatre fragments de 1 à 2 mm.',
    conclusion: ['Adénocarcinome TTF1 positif, PD-L1 60 %.', 'Carcinome épidermoïde p40 positif, PD-L1 5 %.'],
  },
  appendice: {
    macro: "Appendice de 7 cm, à séreuse congestive, recouverte d'un enduit fibrineux.",
    conclusion: ['Appendicite aiguë suppurée avec périappendicite. Pas de lésion tumorale.'],
  },
}
