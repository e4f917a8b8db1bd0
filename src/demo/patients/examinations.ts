/** An imaging examination as the department's protocol has it. */
export interface Examination {
  /** DICOM modality */
  readonly modality: 'CR' | 'DX' | 'CT' | 'MR' | 'US' | 'MG'
  /** what is printed on the worklist */
  readonly title: string
  /** CCAM, where the French billing list has one act for it */
  readonly ccam?: string
  /** SNOMED CT body structure */
  readonly bodySite: readonly [code: string, display: string]
  readonly series: readonly {
    readonly title: string
    readonly instances: readonly [fewest: number, most: number]
  }[]
  readonly normal: readonly string[]
  /** findings with the CIM-10 code that brings them; the empty code: anybody may have it */
  readonly findings: Readonly<Record<string, string>>
}

export const sopClasses = {
  CR: '1.2.840.10008.5.1.4.1.1.1',
  DX: '1.2.840.10008.5.1.4.1.1.1.1',
  MG: '1.2.840.10008.5.1.4.1.1.1.2',
  CT: '1.2.840.10008.5.1.4.1.1.2',
  MR: '1.2.840.10008.5.1.4.1.1.4',
  US: '1.2.840.10008.5.1.4.1.1.6.1',
} as const

export const examinations = {
  thorax: {
    ...{ modality: 'DX', title: 'Radiographie du thorax', ccam: 'ZBQK002' },
    bodySite: ['51185008', 'Thoracic structure'],
    series: [
      { title: 'THORAX FACE PA', instances: [1, 1] },
      { title: 'THORAX PROFIL', instances: [0, 1] },
    ],
    normal: [
      'Pas de foyer parenchymateux. Silhouette cardiomédiastinale normale. Culs-de-sac pleuraux libres.',
    ],
    findings: {
      'J18.9': 'Opacité alvéolaire systématisée de la base droite avec bronchogramme aérien.',
      'J21.9': 'Distension thoracique bilatérale sans foyer.',
      'I50.0': 'Cardiomégalie avec redistribution vasculaire vers les sommets et lignes de Kerley B.',
      'C34.9': 'Opacité nodulaire lobaire supérieure gauche de 23 mm, à contours spiculés.',
    },
  },
  'scanner-cerebral': {
    ...{ modality: 'CT', title: 'Scanner cérébral sans injection', ccam: 'ACQK001' },
    bodySite: ['69536005', 'Head structure'],
    series: [
      { title: 'CRANE SANS IV 1.25', instances: [120, 180] },
      { title: 'CRANE OS', instances: [90, 140] },
      { title: 'Topogramme', instances: [1, 2] },
    ],
    normal: ["Pas d'hémorragie intra ou extra-axiale. Structures médianes en place. Pas de lésion osseuse."],
    findings: { 'G30.9': 'Atrophie cortico-sous-corticale à prédominance hippocampique.' },
  },
  'irm-cerebrale': {
    ...{ modality: 'MR', title: 'IRM encéphalique', ccam: 'ACQN001' },
    bodySite: ['69536005', 'Head structure'],
    series: [
      { title: 'AX DIFFUSION B1000', instances: [25, 50] },
      { title: 'AX FLAIR', instances: [25, 40] },
      { title: 'SWI', instances: [60, 90] },
      { title: 'TOF 3D', instances: [120, 180] },
    ],
    normal: ["Pas d'anomalie de signal du parenchyme. Polygone de Willis perméable."],
    findings: {
      'I63.9':
        'Hypersignal diffusion sylvien superficiel gauche, en hypersignal FLAIR débutant, sans transformation hémorragique.',
    },
  },
  'scanner-abdominal': {
    ...{ modality: 'CT', title: 'Scanner abdomino-pelvien avec injection', ccam: 'ZCQH001' },
    bodySite: ['818983003', 'Abdomen'],
    series: [
      { title: 'ABDO PELVIS PORTAL 1.25', instances: [380, 620] },
      { title: 'RECONS COR', instances: [70, 110] },
    ],
    normal: [
      "Foie, rate et pancréas sans particularité. Pas d'épanchement péritonéal. Pas de syndrome occlusif.",
    ],
    findings: {
      'K35.8': 'Appendice latéro-cæcal de 11 mm, infiltration de la graisse au contact, sans abcès.',
      'N20.1':
        "Calcul de 5 mm de l'uretère pelvien gauche avec dilatation des cavités pyélocalicielles en amont.",
      'A41.9': 'Infiltration périrénale droite avec foyers hypodenses triangulaires.',
      'C18.9': 'Épaississement tumoral sténosant du côlon sigmoïde, adénomégalies mésentériques.',
    },
  },
  abdomen: {
    ...{ modality: 'US', title: "Échographie de l'abdomen", ccam: 'ZCQM008' },
    bodySite: ['818983003', 'Abdomen'],
    series: [{ title: 'Abdomen', instances: [12, 40] }],
    normal: [
      'Foie homogène, de taille normale. Vésicule alithiasique à paroi fine. Voies biliaires non dilatées.',
    ],
    findings: {
      'K80.0': 'Vésicule lithiasique à paroi épaissie de 6 mm, signe de Murphy échographique.',
      'E66.9': 'Foie hyperéchogène évoquant une stéatose.',
    },
  },
  reins: {
    ...{ modality: 'US', title: 'Échographie rénale', ccam: 'JAQM003' },
    bodySite: ['64033007', 'Kidney structure'],
    series: [{ title: 'Reins', instances: [8, 24] }],
    normal: ['Reins de taille et de différenciation normales, sans dilatation des cavités.'],
    findings: {
      N10: 'Rein droit augmenté de volume, sans dilatation ni abcès.',
      'N18.3': 'Reins de taille diminuée, mal différenciés.',
      'N18.4': 'Reins atrophiques, dédifférenciés.',
    },
  },
  bassin: {
    ...{ modality: 'CR', title: 'Radiographie du bassin et de la hanche', ccam: 'NAQK015' },
    bodySite: ['12921003', 'Structure of pelvis'],
    series: [
      { title: 'BASSIN FACE', instances: [1, 1] },
      { title: 'HANCHE PROFIL', instances: [1, 2] },
    ],
    normal: ['Pas de lésion osseuse traumatique. Interlignes coxofémoraux conservés.'],
    findings: { 'S72.0': 'Fracture cervicale vraie du fémur droit, Garden IV.' },
  },
  poignet: {
    ...{ modality: 'DX', title: 'Radiographie du poignet' },
    bodySite: ['8205005', 'Wrist region structure'],
    series: [
      { title: 'POIGNET F', instances: [1, 1] },
      { title: 'POIGNET P', instances: [1, 1] },
    ],
    normal: ['Pas de lésion osseuse visible.'],
    findings: { 'S52.5': "Fracture de l'extrémité inférieure du radius à déplacement postérieur." },
  },
  genou: {
    ...{ modality: 'DX', title: 'Radiographie des genoux en charge' },
    bodySite: ['72696002', 'Knee region structure'],
    series: [
      { title: 'GENOUX FACE EN CHARGE', instances: [1, 2] },
      { title: 'SCHUSS', instances: [1, 1] },
    ],
    normal: ['Interlignes fémorotibiaux respectés.'],
    findings: { 'M17.9': 'Pincement fémorotibial médial bilatéral avec ostéophytose marginale.' },
  },
  mammographie: {
    ...{ modality: 'MG', title: 'Mammographie bilatérale', ccam: 'QEQK001' },
    bodySite: ['76752008', 'Breast structure'],
    series: [
      { title: 'R CC', instances: [1, 1] },
      { title: 'L CC', instances: [1, 1] },
      { title: 'MLO', instances: [2, 2] },
    ],
    normal: ["Densité mammaire type B. Pas d'image suspecte. ACR 2."],
    findings: { 'C50.9': 'Masse spiculée du quadrant supéro-externe gauche de 14 mm. ACR 5.' },
  },
  obstetricale: {
    ...{ modality: 'US', title: 'Échographie obstétricale du troisième trimestre' },
    bodySite: ['35039007', 'Uterine structure'],
    series: [{ title: 'OB T3', instances: [10, 36] }],
    normal: ['Grossesse monofœtale évolutive, présentation céphalique. Biométrie au 50e percentile.'],
    findings: {},
  },
} as const satisfies Record<string, Examination>

export type ExaminationName = keyof typeof examinations
