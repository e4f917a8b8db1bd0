import type { Gender } from './names.ts'

/** Bounds of what is usual; an open side is undefined. */
export type Range = readonly [low: number | undefined, high: number | undefined]

/** One quantity that the laboratory measures: how it is coded, printed and judged. */
export interface Analyte {
  /** LOINC code and long common name */
  readonly loinc: string
  readonly name: string
  /** as French reports print it */
  readonly text: string
  /** printed unit and its UCUM code */
  readonly unit: string
  readonly ucum: string
  readonly decimals: number
  readonly range: Readonly<Record<Gender, Range>>
  /** below or above these the laboratory telephones the ward */
  readonly critical?: Range
}

const all = (low: number | undefined, high: number | undefined): Record<Gender, Range> => ({
  female: [low, high],
  male: [low, high],
})

function analyte(
  coded: readonly [loinc: string, name: string, text: string],
  printed: readonly [unit: string, ucum: string, decimals: number],
  range: Readonly<Record<Gender, Range>>,
  critical?: Range,
): Analyte {
  const [loinc, name, text] = coded
  const [unit, ucum, decimals] = printed
  return { loinc, name, text, unit, ucum, decimals, range, ...(critical === undefined ? {} : { critical }) }
}

const giga = (decimals: number) => ['G/L', '10*9/L', decimals] as const
const millimole = (decimals: number) => ['mmol/L', 'mmol/L', decimals] as const
const bloodCount = (cell: string) => `${cell} [#/volume] in Blood by Automated count`
const serum = (what: string, property: string) => `${what} [${property}] in Serum or Plasma`

/** All analytes by the name the rest of this folder calls them. */
export const analytes = {
  leucocytes: analyte(['6690-2', bloodCount('Leukocytes'), 'Leucocytes'], giga(2), all(4, 10), [1, 50]),
  hematies: analyte(['789-8', bloodCount('Erythrocytes'), 'Hématies'], ['T/L', '10*12/L', 2], {
    female: [3.8, 5.3],
    male: [4.2, 5.7],
  }),
  hemoglobine: analyte(
    ['718-7', 'Hemoglobin [Mass/volume] in Blood', 'Hémoglobine'],
    ['g/dL', 'g/dL', 1],
    { female: [12, 16], male: [13, 17] },
    [7, undefined],
  ),
  hematocrite: analyte(
    ['4544-3', 'Hematocrit [Volume Fraction] of Blood by Automated count', 'Hématocrite'],
    ['%', '%', 1],
    { female: [36, 46], male: [39, 50] },
  ),
  vgm: analyte(['787-2', 'MCV [Entitic volume] by Automated count', 'VGM'], ['fL', 'fL', 1], all(80, 98)),
  plaquettes: analyte(['777-3', bloodCount('Platelets'), 'Plaquettes'], giga(0), all(150, 400), [20, 1000]),
  neutrophiles: analyte(
    ['751-8', bloodCount('Neutrophils'), 'Polynucléaires neutrophiles'],
    giga(2),
    all(1.5, 7),
  ),
  lymphocytes: analyte(['731-0', bloodCount('Lymphocytes'), 'Lymphocytes'], giga(2), all(1, 4)),
  monocytes: analyte(['742-7', bloodCount('Monocytes'), 'Monocytes'], giga(2), all(0.2, 1)),
  sodium: analyte(
    ['2951-2', serum('Sodium', 'Moles/volume'), 'Sodium'],
    millimole(0),
    all(136, 145),
    [120, 160],
  ),
  potassium: analyte(
    ['2823-3', serum('Potassium', 'Moles/volume'), 'Potassium'],
    millimole(1),
    all(3.5, 5),
    [2.5, 6.5],
  ),
  chlorures: analyte(['2075-0', serum('Chloride', 'Moles/volume'), 'Chlorures'], millimole(0), all(98, 107)),
  bicarbonates: analyte(
    ['2028-9', serum('Carbon dioxide, total', 'Moles/volume'), 'Bicarbonates'],
    millimole(0),
    all(22, 29),
  ),
  uree: analyte(['22664-7', serum('Urea', 'Moles/volume'), 'Urée'], millimole(1), all(2.5, 7.5)),
  creatinine: analyte(
    ['14682-9', serum('Creatinine', 'Moles/volume'), 'Créatinine'],
    ['µmol/L', 'umol/L', 0],
    {
      female: [45, 84],
      male: [59, 104],
    },
  ),
  dfg: analyte(
    [
      '62238-1',
      'Glomerular filtration rate [Volume Rate/Area] in Serum, Plasma or Blood by Creatinine-based formula (CKD-EPI)/1.73 sq M',
      'DFG estimé (CKD-EPI 2009)',
    ],
    ['mL/min/1,73 m²', 'mL/min/{1.73_m2}', 0],
    all(60, undefined),
  ),
  glucose: analyte(
    ['14749-6', serum('Glucose', 'Moles/volume'), 'Glucose'],
    millimole(1),
    all(3.9, 6.1),
    [2.5, 25],
  ),
  hba1c: analyte(['4548-4', 'Hemoglobin A1c/Hemoglobin.total in Blood', 'HbA1c'], ['%', '%', 1], all(4, 6)),
  cholesterol: analyte(
    ['14647-2', serum('Cholesterol', 'Moles/volume'), 'Cholestérol total'],
    millimole(2),
    all(undefined, 5.2),
  ),
  hdl: analyte(
    ['14646-4', serum('Cholesterol in HDL', 'Moles/volume'), 'HDL-cholestérol'],
    millimole(2),
    all(1, undefined),
  ),
  ldl: analyte(
    [
      '39469-2',
      'Cholesterol in LDL [Moles/volume] in Serum or Plasma by calculation',
      'LDL-cholestérol (Friedewald)',
    ],
    millimole(2),
    all(undefined, 4.1),
  ),
  triglycerides: analyte(
    ['14927-8', serum('Triglyceride', 'Moles/volume'), 'Triglycérides'],
    millimole(2),
    all(undefined, 1.7),
  ),
  crp: analyte(
    ['1988-5', serum('C reactive protein', 'Mass/volume'), 'CRP'],
    ['mg/L', 'mg/L', 1],
    all(undefined, 5),
  ),
  troponine: analyte(
    [
      '67151-1',
      'Troponin T.cardiac [Mass/volume] in Serum or Plasma by High sensitivity method',
      'Troponine T hs',
    ],
    ['ng/L', 'ng/L', 0],
    all(undefined, 14),
    [undefined, 52],
  ),
  bnp: analyte(
    ['33762-6', serum('Natriuretic peptide.B prohormone N-Terminal', 'Mass/volume'), 'NT-proBNP'],
    ['pg/mL', 'pg/mL', 0],
    all(undefined, 300),
  ),
  inr: analyte(
    ['6301-6', 'INR in Platelet poor plasma by Coagulation assay', 'INR'],
    ['', '{INR}', 2],
    all(0.9, 1.2),
    [undefined, 5],
  ),
  tsh: analyte(['3016-3', serum('Thyrotropin', 'Units/volume'), 'TSH'], ['mUI/L', 'm[IU]/L', 2], all(0.4, 4)),
  ferritine: analyte(['2276-4', serum('Ferritin', 'Mass/volume'), 'Ferritine'], ['µg/L', 'ug/L', 0], {
    female: [15, 150],
    male: [30, 300],
  }),
  psa: analyte(
    ['2857-1', serum('Prostate specific Ag', 'Mass/volume'), 'PSA'],
    ['ng/mL', 'ng/mL', 2],
    all(undefined, 4),
  ),
  asat: analyte(
    ['1920-8', serum('Aspartate aminotransferase', 'Enzymatic activity/volume'), 'ASAT'],
    ['UI/L', 'U/L', 0],
    all(undefined, 35),
  ),
  alat: analyte(
    ['1742-6', serum('Alanine aminotransferase', 'Enzymatic activity/volume'), 'ALAT'],
    ['UI/L', 'U/L', 0],
    all(undefined, 40),
  ),
  ggt: analyte(
    ['2324-2', serum('Gamma glutamyl transferase', 'Enzymatic activity/volume'), 'Gamma-GT'],
    ['UI/L', 'U/L', 0],
    { female: [undefined, 40], male: [undefined, 60] },
  ),
  bilirubine: analyte(
    ['14631-6', serum('Bilirubin.total', 'Moles/volume'), 'Bilirubine totale'],
    ['µmol/L', 'umol/L', 0],
    all(undefined, 21),
  ),
} as const satisfies Record<string, Analyte>

export type AnalyteName = keyof typeof analytes

/** What is asked together. */
export const panels = {
  nfs: [
    ...(['leucocytes', 'hematies', 'hemoglobine', 'hematocrite', 'vgm'] as const),
    ...(['plaquettes', 'neutrophiles', 'lymphocytes', 'monocytes'] as const),
  ],
  ionogramme: ['sodium', 'potassium', 'chlorures', 'bicarbonates'],
  renal: ['uree', 'creatinine', 'dfg'],
  glycemie: ['glucose'],
  hba1c: ['hba1c'],
  lipides: ['cholesterol', 'hdl', 'ldl', 'triglycerides'],
  hepatique: ['asat', 'alat', 'ggt', 'bilirubine'],
  crp: ['crp'],
  troponine: ['troponine'],
  bnp: ['bnp'],
  inr: ['inr'],
  tsh: ['tsh'],
  fer: ['ferritine'],
  psa: ['psa'],
} as const satisfies Record<string, readonly AnalyteName[]>

export type PanelName = keyof typeof panels
