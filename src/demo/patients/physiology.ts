import type { AnalyteName } from './analytes.ts'
import type { Gender } from './names.ts'
import type { Random } from './random.ts'

/** What does not change much from one blood sample of a person to the next. */
export interface Constitution {
  readonly gender: Gender
  /** standard deviations by which this person's own levels differ from others' */
  readonly levels: Readonly<Record<AnalyteName, number>>
  /** cm, as an adult */
  readonly height: number
  /** kg/m², as an adult */
  readonly bodyMassIndex: number
}

/** A person at one moment. */
export interface State {
  readonly age: number
  /** CIM-10 codes of what the person has by then */
  readonly diseases: ReadonlySet<string>
  /** CRP in mg/L that the illness of the day brings; 0 when well */
  readonly inflammation: number
  readonly infarction: boolean
  readonly dehydrated: boolean
}

type Values = Record<AnalyteName, number>

/**
 * Values of every analyte in its unit, that fit each other: the haematocrit follows the haemoglobin,
 * the white cells add up, LDL is Friedewald's, the DFG is CKD-EPI 2009 of the creatinine printed.
 */
export function drawValues(from: Random, person: Constitution, state: State): Values {
  // two thirds of the spread lie between people, one third between two samples of one person
  const around = (name: AnalyteName, mean: number, deviation: number): number =>
    mean + deviation * (0.8 * person.levels[name] + from.normal(0, 0.6))
  const blood = bloodCount(around, person, state)
  const kidney = kidneys(around, person, state)
  return {
    ...blood,
    ...kidney,
    ...sugarAndFat(around, state),
    ...others(from, around, state),
  }
}

type Around = (name: AnalyteName, mean: number, deviation: number) => number

function bloodCount(around: Around, person: Constitution, { age, diseases, inflammation }: State) {
  const iron = diseases.has('D50.9')
  const renal = diseases.has('N18.4') ? 2.2 : diseases.has('N18.3') ? 0.8 : 0
  const usual = age < 15 ? 12.8 : person.gender === 'female' ? 13.5 : 15
  const hemoglobine = clamp(
    around('hemoglobine', usual, 0.9) - (iron ? 3 : 0) - renal - inflammation / 200,
    5.5,
    19,
  )
  const vgm = clamp(around('vgm', age < 6 ? 80 : 90, 3.6) - (iron ? 13 : 0), 58, 115)
  const hematocrite = hemoglobine * (2.95 + (iron ? 0.15 : 0))
  const infected = inflammation / 25
  const neutrophiles = clamp(around('neutrophiles', age < 5 ? 3.2 : 4, 1.1) + infected, 0.6, 38)
  const lymphocytes = clamp(around('lymphocytes', age < 5 ? 4.2 : 2.1, 0.55) - infected * 0.08, 0.3, 11)
  const monocytes = clamp(around('monocytes', 0.5, 0.13) + infected * 0.05, 0.1, 2.5)
  return {
    ...{ hemoglobine, vgm, hematocrite, neutrophiles, lymphocytes, monocytes },
    hematies: (hematocrite * 10) / vgm,
    // eosinophils and basophils are the rest
    leucocytes: neutrophiles + lymphocytes + monocytes + clamp(around('leucocytes', 0.2, 0.07), 0.05, 0.6),
    plaquettes: clamp(around('plaquettes', 255, 55) + inflammation / 4, 25, 900),
  }
}

function kidneys(around: Around, person: Constitution, { age, diseases, dehydrated }: State) {
  const decline = age < 30 ? 0 : (age - 30) * 0.75
  const aimed = diseases.has('N18.4')
    ? around('dfg', 22, 3.5)
    : diseases.has('N18.3')
      ? around('dfg', 46, 6.5)
      : around('dfg', 112 - decline, 11)
  const dfg = clamp(aimed * (dehydrated ? 0.72 : 1), 8, 140)
  const creatinine = age < 18 ? 22 + age * 2.3 : creatinineOf(dfg, age, person.gender)
  const failure = Math.max(0, 60 - dfg)
  return {
    creatinine: Math.round(creatinine),
    // from the creatinine as printed, so that a reader who checks the formula finds it
    dfg: age < 18 ? 120 : filtrationRate(Math.round(creatinine), age, person.gender),
    uree: clamp(around('uree', 5.2, 1.1) + failure * 0.22 + (dehydrated ? 5 : 0), 1.5, 45),
    sodium: clamp(
      around('sodium', 140, 1.8) + (dehydrated ? 6 : 0) - (diseases.has('I50.0') ? 2.5 : 0),
      115,
      162,
    ),
    potassium: clamp(around('potassium', 4.1, 0.28) + failure * 0.018, 2.6, 6.8),
    chlorures: clamp(around('chlorures', 103, 2) + (dehydrated ? 4 : 0), 85, 125),
    bicarbonates: clamp(around('bicarbonates', 25.5, 1.6) - failure * 0.1, 12, 36),
  }
}

function sugarAndFat(around: Around, { age, diseases, inflammation }: State) {
  const diabetic = diseases.has('E11.9') || diseases.has('E10.9')
  const hba1c = clamp(
    diabetic ? around('hba1c', diseases.has('E10.9') ? 7.9 : 7.3, 0.95) : around('hba1c', 5.35, 0.24),
    4.2,
    13.5,
  )
  // ADAG: mean glucose in mmol/L = 1.59 × HbA1c − 2.59; a fasting sample lies lower
  const mean = 1.59 * hba1c - 2.59
  const treated = diseases.has('I25.1') || diseases.has('I63.9')
  const usual = age < 20 ? 4.2 : diseases.has('E78.0') ? 6.5 : 5.1
  const cholesterol = clamp(around('cholesterol', treated ? 3.9 : usual, 0.65), 2.4, 10.5)
  const heavy = diseases.has('E66.9') || diabetic
  const hdl = clamp(around('hdl', heavy ? 1.15 : 1.45, 0.24), 0.5, Math.min(2.8, cholesterol * 0.55))
  const triglycerides = clamp(around('triglycerides', heavy ? 1.85 : 1.15, 0.4), 0.4, 4.2)
  return {
    ...{ hba1c, cholesterol, hdl, triglycerides },
    glucose: clamp(mean * (diabetic ? 0.95 : 0.88) + around('glucose', 0, 0.35) + inflammation / 150, 3, 28),
    ldl: Math.max(0.5, cholesterol - hdl - triglycerides / 2.2),
  }
}

function others(from: Random, around: Around, { age, diseases, inflammation, infarction }: State) {
  const liver = diseases.has('C18.9') && from.chance(0.3) ? 2.5 : 1
  const anticoagulated = diseases.has('I48.9')
  return {
    crp: inflammation > 5 ? inflammation * (0.5 + from.next()) : clamp(around('crp', 2, 1.2), 0.3, 6),
    troponine: infarction ? from.integer(90, 2600) : clamp(around('troponine', 4 + age / 12, 2.5), 3, 40),
    bnp: diseases.has('I50.0') ? 900 + 4200 * from.next() : clamp(around('bnp', 15 + age * 1.6, 45), 10, 420),
    inr: anticoagulated
      ? clamp(around('inr', 2.5, 0.5), 1.1, 6)
      : clamp(around('inr', 1.03, 0.05), 0.88, 1.3),
    tsh: diseases.has('E03.9')
      ? clamp(around('tsh', 4.2, 2.2), 0.2, 18)
      : clamp(around('tsh', 1.8, 0.6), 0.3, 4.5),
    ferritine: diseases.has('D50.9')
      ? clamp(around('ferritine', 9, 3), 3, 20)
      : clamp(around('ferritine', 95, 35), 16, 300),
    psa: diseases.has('C61')
      ? 4.5 + 30 * from.next() ** 2
      : clamp(around('psa', 0.4 + age / 60, 0.5), 0.1, 6),
    asat: clamp(around('asat', 23, 5) * liver, 8, 400),
    alat: clamp(around('alat', 24, 7) * liver + (diseases.has('E66.9') ? 8 : 0), 6, 400),
    ggt: clamp(around('ggt', 28, 10) * liver, 6, 600),
    bilirubine: clamp(around('bilirubine', 9.5, 3) * (liver > 1 ? 1.6 : 1), 3, 120),
  }
}

/**
 * CKD-EPI 2009, without ethnicity as in France, in mL/min/1.73 m².
 *
 * @param creatinine µmol/L
 * @see Levey et al., Ann Intern Med 2009
 */
export function filtrationRate(creatinine: number, age: number, gender: Gender): number {
  const { kappa, alpha, factor } = ckdEpi[gender]
  const ratio = creatinine / 88.4 / kappa
  return 141 * Math.min(ratio, 1) ** alpha * Math.max(ratio, 1) ** -1.209 * 0.993 ** age * factor
}

/** The creatinine in µmol/L at which `filtrationRate` is `rate`. */
function creatinineOf(rate: number, age: number, gender: Gender): number {
  const { kappa, alpha, factor } = ckdEpi[gender]
  const share = rate / (141 * 0.993 ** age * factor)
  const ratio = share >= 1 ? share ** (1 / alpha) : share ** (-1 / 1.209)
  return ratio * kappa * 88.4
}

const ckdEpi = {
  female: { kappa: 0.7, alpha: -0.329, factor: 1.018 },
  male: { kappa: 0.9, alpha: -0.411, factor: 1 },
} as const

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}
