import type { Gender } from './names.ts'
import type { ServiceCode } from './hospital.ts'
import type { PanelName } from './analytes.ts'

/** A lasting disease: who gets it, from what age, and what its follow-up looks like. */
export interface Disease {
  /** CIM-10, the French ICD-10 */
  readonly code: string
  readonly display: string
  /** share of those past `peak` who have it, by gender; it grows from 0 at `from` years */
  readonly share: Readonly<Record<Gender, number>>
  readonly from: number
  readonly peak: number
  readonly service: ServiceCode
  /** laboratory asked at each follow-up */
  readonly panels: readonly PanelName[]
  /** makes this disease as many times more likely when the person has one of these codes */
  readonly after?: { readonly codes: readonly string[]; readonly factor: number }
  /** an operation piece was examined at the time of the diagnosis */
  readonly pathology?: string
}

const both = (share: number) => ({ female: share, male: share })

/** In the order they are drawn: what `after` names comes first. */
export const diseases: readonly Disease[] = [
  {
    ...{ code: 'E66.9', display: 'Obésité, sans précision', share: both(0.17), from: 12, peak: 50 },
    ...{ service: 'endo', panels: ['glycemie', 'lipides'] },
  },
  {
    ...{ code: 'I10', display: 'Hypertension essentielle (primitive)', share: { female: 0.5, male: 0.55 } },
    ...{ from: 30, peak: 78, service: 'card', panels: ['ionogramme', 'renal'] },
    after: { codes: ['E66.9'], factor: 1.5 },
  },
  {
    ...{
      code: 'E10.9',
      display: 'Diabète sucré de type 1, sans complication',
      share: both(0.006),
      from: 4,
      peak: 25,
    },
    ...{ service: 'endo', panels: ['hba1c', 'glycemie', 'renal', 'lipides'] },
  },
  {
    ...{
      code: 'E11.9',
      display: 'Diabète sucré de type 2, sans complication',
      share: { female: 0.13, male: 0.18 },
    },
    ...{ from: 32, peak: 72, service: 'endo', panels: ['hba1c', 'glycemie', 'renal', 'lipides'] },
    after: { codes: ['E66.9'], factor: 2.4 },
  },
  {
    ...{ code: 'E78.0', display: 'Hypercholestérolémie essentielle', share: both(0.28), from: 30, peak: 68 },
    ...{ service: 'card', panels: ['lipides', 'hepatique'] },
  },
  {
    ...{ code: 'N18.3', display: 'Maladie rénale chronique, stade 3', share: both(0.14), from: 45, peak: 84 },
    ...{ service: 'neph', panels: ['renal', 'ionogramme', 'nfs'] },
    after: { codes: ['E11.9', 'E10.9', 'I10'], factor: 1.9 },
  },
  {
    ...{ code: 'N18.4', display: 'Maladie rénale chronique, stade 4', share: both(0.02), from: 40, peak: 80 },
    ...{ service: 'neph', panels: ['renal', 'ionogramme', 'nfs'] },
    after: { codes: ['E11.9', 'E10.9', 'I10'], factor: 2 },
  },
  {
    ...{
      code: 'I25.1',
      display: 'Cardiopathie artérioscléreuse',
      share: { female: 0.08, male: 0.17 },
      from: 42,
      peak: 80,
    },
    ...{ service: 'card', panels: ['lipides', 'renal', 'nfs'] },
    after: { codes: ['E11.9', 'E78.0'], factor: 1.6 },
  },
  {
    ...{ code: 'I50.0', display: 'Insuffisance cardiaque congestive', share: both(0.13), from: 55, peak: 88 },
    ...{ service: 'card', panels: ['ionogramme', 'renal', 'bnp'] },
    after: { codes: ['I25.1', 'I10'], factor: 1.7 },
  },
  {
    ...{
      code: 'I48.9',
      display: 'Fibrillation auriculaire et flutter auriculaire, sans précision',
      share: both(0.15),
    },
    ...{ from: 50, peak: 86, service: 'card', panels: ['inr', 'ionogramme'] },
  },
  {
    ...{ code: 'J44.9', display: 'Maladie pulmonaire obstructive chronique, sans précision' },
    ...{ share: { female: 0.06, male: 0.11 }, from: 42, peak: 70, service: 'pneu', panels: ['nfs', 'crp'] },
  },
  {
    ...{
      code: 'J45.9',
      display: 'Asthme, sans précision',
      share: both(0.09),
      from: 2,
      peak: 14,
      service: 'pneu',
    },
    panels: ['nfs'],
  },
  {
    ...{ code: 'E03.9', display: 'Hypothyroïdie, sans précision', share: { female: 0.1, male: 0.02 } },
    ...{ from: 25, peak: 65, service: 'endo', panels: ['tsh'] },
  },
  {
    ...{
      code: 'D50.9',
      display: 'Anémie par carence en fer, sans précision',
      share: { female: 0.07, male: 0.02 },
    },
    ...{ from: 14, peak: 40, service: 'mint', panels: ['nfs', 'fer'] },
  },
  {
    ...{
      code: 'M17.9',
      display: 'Gonarthrose, sans précision',
      share: { female: 0.22, male: 0.14 },
      from: 50,
      peak: 80,
    },
    ...{ service: 'orth', panels: ['crp'] },
  },
  {
    ...{ code: 'F32.9', display: 'Épisode dépressif, sans précision', share: { female: 0.12, male: 0.06 } },
    ...{ from: 16, peak: 45, service: 'psy', panels: ['tsh', 'nfs'] },
  },
  {
    ...{ code: 'G30.9', display: "Maladie d'Alzheimer, sans précision", share: { female: 0.16, male: 0.1 } },
    ...{ from: 68, peak: 92, service: 'geri', panels: ['ionogramme', 'nfs'] },
  },
  {
    ...{
      code: 'G40.9',
      display: 'Épilepsie, sans précision',
      share: both(0.011),
      from: 1,
      peak: 20,
      service: 'neur',
    },
    panels: ['hepatique', 'ionogramme'],
  },
  {
    ...{ code: 'K50.9', display: 'Maladie de Crohn, sans précision', share: both(0.006), from: 14, peak: 35 },
    ...{ service: 'gast', panels: ['nfs', 'crp', 'hepatique'] },
  },
  {
    ...{
      code: 'C50.9',
      display: 'Tumeur maligne du sein, sans précision',
      share: { female: 0.09, male: 0.0005 },
    },
    ...{ from: 36, peak: 72, service: 'onco', panels: ['nfs', 'hepatique', 'renal'], pathology: 'sein' },
  },
  {
    ...{
      code: 'C61',
      display: 'Tumeur maligne de la prostate',
      share: { female: 0, male: 0.1 },
      from: 52,
      peak: 78,
    },
    ...{ service: 'uro', panels: ['psa', 'renal'], pathology: 'prostate' },
  },
  {
    ...{
      code: 'C18.9',
      display: 'Tumeur maligne du côlon, sans précision',
      share: both(0.035),
      from: 45,
      peak: 80,
    },
    ...{ service: 'onco', panels: ['nfs', 'hepatique', 'renal'], pathology: 'côlon' },
  },
  {
    ...{ code: 'C34.9', display: 'Tumeur maligne de bronche ou poumon, sans précision' },
    ...{ share: { female: 0.012, male: 0.028 }, from: 45, peak: 72, service: 'onco' },
    ...{ panels: ['nfs', 'hepatique', 'ionogramme'], pathology: 'poumon' },
    after: { codes: ['J44.9'], factor: 3 },
  },
]
