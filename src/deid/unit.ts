/**
 * Units that may leave. `Quantity.unit` is free text and UCUM annotations (`{…}`) are too, so neither
 * goes out unless it is built from the lists below: what cannot be read as a unit may be a name.
 *
 * @see https://ucum.org/ucum, the grammar in § 2; only units met in clinical data are listed
 */
const words = (text: string): readonly string[] => text.split(/\s+/)

const prefixes = words('da Y Z E P T G M k h d c m u n p f a')

/** Take a prefix: `mg`, `mmol`, `mm[Hg]`. */
const metric =
  words(`m s g rad K C cd mol sr Hz N Pa J W A V F Ohm S Wb Cel T H lm lx Bq Gy Sv l L ar t bar u eV pc
  m[H2O] m[Hg] cal kat U eq osm g% R Ci dyn erg P St B [iU] [IU]`)

/** Stand alone. */
const whole =
  words(`% [ppth] [ppm] [ppb] [pi] min h d wk mo mo_j a a_j deg ' '' [in_i] [ft_i] [yd_i] [lb_av] [oz_av]
  [degF] [diop] [in_i'Hg] att [drp] [pH] [HPF] [LPF] [arb'U] [USP'U] [CFU] [PFU] [FFU] [gr] [tsp_us] [tbs_us]
  [foz_us] [cup_us] [Cal] [MET] [Ch] [kn_i] [APL'U] [GPL'U] [MPL'U]`)

/** Annotations that laboratories and monitors write; any other one makes the code unreadable to us. */
const annotations =
  words(`score T-score Z-score count nominal ratio index INR titer cells copies beats breaths events #
  RBC WBC 1.73_m2 1.73m2 tot creat Hb DDU FEU tablet dose`)

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
const oneOf = (texts: readonly string[]) =>
  `(?:${[...texts]
    .sort((a, b) => b.length - a.length)
    .map(escape)
    .join('|')})`

const annotation = `\\{${oneOf(annotations)}\\}`
const simple = `(?:${oneOf(whole)}|${oneOf(prefixes)}?${oneOf(metric)})`
const component = `(?:(?:10[*^][+-]?\\d{1,2}|\\d{1,4}|${simple}(?:[+-]?\\d)?)(?:${annotation})?|${annotation})`
const ucum = new RegExp(`^(?:/?${component}(?:[./]${component}){0,5})$`)

/** Units as people print them. Compared in lower case; what stands here cannot be taken for a name. */
const printed: ReadonlySet<string> = new Set([
  ...words(`mmhg cmh2o °c °f bpm beats/minute breaths/minute year years yr yrs an ans month months mois week weeks
    semaine semaines day days j jour jours hour hours hr heure heures minute minutes sec seconds in lb lbs ui iu ui/l
    iu/l ui/ml iu/ml mui/l miu/l kui/l meq meq/l ph k/ul m/ul g/l t/l giga/l tera/l 10^9/l 10^12/l 10^3/ul 10^6/ul
    kg/m² m² cm² µg µg/l µmol/l µl ng/ml mcg mcg/l ml/hr ml/min/1.73m2 ml/min/1,73m² score (score) ratio index inr
    copies/ml cells/ul mosm/kg tablet tablets`),
  ...['mm hg', 'degrees c', 'degrees f', 'ml/min/1.73 m²', 'ml/min/1,73 m²'],
])

/** Whether a text is a UCUM code made of the units and annotations we know. */
export function isUcum(text: string): boolean {
  return text.length <= 40 && ucum.test(text)
}

/** Whether a text printed as `Quantity.unit` is a unit and cannot be anything else. */
export function isUnit(text: string): boolean {
  return isUcum(text) || printed.has(text.toLowerCase())
}

/** What one of these units is in years; undefined for units that do not measure an age. */
export function inYears(unit: string): number | undefined {
  return ageUnits.get(unit) ?? ageUnits.get(unit.toLowerCase())
}

/** UCUM's mean year of 365.25 days. */
const daysPerYear = 365.25
const ageUnits: ReadonlyMap<string, number> = new Map([
  ...words('a year years yr yrs an ans Y').map((unit) => [unit, 1] as const),
  ...words('mo month months mois').map((unit) => [unit, 1 / 12] as const),
  ...words('wk week weeks semaine semaines').map((unit) => [unit, 7 / daysPerYear] as const),
  ...words('d j day days jour jours').map((unit) => [unit, 1 / daysPerYear] as const),
  ...words('h hour hours heure heures').map((unit) => [unit, 1 / (24 * daysPerYear)] as const),
])
