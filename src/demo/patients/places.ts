/** A town with one of its postal codes, its INSEE code (as the NIR carries it) and how often it is drawn. */
export interface Town {
  readonly name: string
  readonly postalCode: string
  readonly insee: string
  readonly weight: number
}

function towns(rows: string): readonly Town[] {
  return rows.split('|').map((row) => {
    const [name = '', postalCode = '', insee = '', weight = ''] = row.trim().split(',')
    return { name, postalCode, insee, weight: Number(weight) }
  })
}

const brittany = towns(
  `Rennes,35000,35238,150|Rennes,35200,35238,90|Rennes,35700,35238,80|Saint-Malo,35400,35288,40|
  Fougères,35300,35115,25|Vitré,35500,35360,22|Cesson-Sévigné,35510,35051,20|Bruz,35170,35047,22|
  Betton,35830,35024,15|Pacé,35740,35210,14|Chantepie,35135,35055,12|Vern-sur-Seiche,35770,35352,10|
  Saint-Jacques-de-la-Lande,35136,35281,15|Le Rheu,35650,35240,11|Mordelles,35310,35196,9|Redon,35600,35236,14|
  Dinard,35800,35093,12|Dol-de-Bretagne,35120,35095,7|Janzé,35150,35136,10|Combourg,35270,35085,8|
  La Guerche-de-Bretagne,35130,35125,6|Montfort-sur-Meu,35160,35188,8|Liffré,35340,35152,9|
  Châteaugiron,35410,35069,11|Guichen,35580,35126,10|Saint-Brieuc,22000,22278,28|Lannion,22300,22113,10|
  Dinan,22100,22050,18|Lamballe-Armor,22400,22093,9|Loudéac,22600,22136,7|Guingamp,22200,22070,6|
  Paimpol,22500,22162,5|Plérin,22190,22187,7|Ploufragan,22440,22215,5|Perros-Guirec,22700,22168,4|
  Brest,29200,29019,24|Quimper,29000,29232,12|Concarneau,29900,29039,4|Morlaix,29600,29151,6|
  Landerneau,29800,29103,4|Douarnenez,29100,29046,3|Quimperlé,29300,29233,3|Carhaix-Plouguer,29270,29024,4|
  Guipavas,29490,29075,3|Plougastel-Daoulas,29470,29189,3|Vannes,56000,56260,26|Lorient,56100,56121,16|
  Lanester,56600,56098,5|Ploemeur,56270,56162,4|Hennebont,56700,56083,4|Pontivy,56300,56178,10|
  Auray,56400,56007,6|Ploërmel,56800,56165,12|Questembert,56230,56184,5|Sarzeau,56370,56240,3|Guidel,56520,56078,3`,
)

const elsewhere = towns(
  `Nantes,44000,44109,14|Saint-Nazaire,44600,44184,5|Laval,53000,53130,10|Angers,49000,49007,5|
  Le Mans,72000,72181,4|Caen,14000,14118,4|Avranches,50300,50025,8|Saint-Lô,50000,50502,3|Rouen,76000,76540,2|
  Tours,37000,37261,2|Paris,75011,75111,4|Paris,75015,75115,5|Lille,59000,59350,2|Strasbourg,67000,67482,1|
  Lyon,69003,69383,2|Marseille,13005,13205,1|Toulouse,31000,31555,2|Bordeaux,33000,33063,3|
  Montpellier,34000,34172,1|Ajaccio,20000,2A004,0.5|Bastia,20200,2B033,0.5|Fort-de-France,97200,97209,0.6|
  Saint-Denis,97400,97411,0.8`,
)

/** Where patients live and where most of them were born. */
export const frenchTowns: readonly Town[] = [...brittany, ...elsewhere]

/** Birth places abroad: no postal code, `99` and the country's INSEE code, as the NIR has it. */
export const countries: readonly Town[] = towns(
  `Algérie,,99352,10|Maroc,,99350,12|Tunisie,,99351,5|Portugal,,99139,6|Italie,,99127,3|Espagne,,99134,3|
  Royaume-Uni,,99132,5|Turquie,,99208,6|Sénégal,,99341,4|Cameroun,,99322,4|Côte d'Ivoire,,99326,4|Mali,,99335,4|
  Syrie,,99206,3|Roumanie,,99114,4|Pologne,,99122,2|Viet Nam,,99243,2`,
)

export const streets: readonly string[] = [
  ...['rue de la Monnaie', 'rue Saint-Hélier', 'boulevard de la Liberté', 'avenue Aristide-Briand'],
  ...['rue du Général-de-Gaulle', 'place de la République', 'rue Victor-Hugo', "rue de l'Église"],
  ...['impasse des Ajoncs', 'allée des Châtaigniers', 'rue Anne-de-Bretagne', 'chemin de la Lande'],
  ...['rue Jean-Jaurès', 'avenue du 11-Novembre-1918', 'rue des Écoles', 'rue de la Gare', 'quai Émile-Zola'],
  ...['rue Marie-Curie', 'boulevard Jacques-Cartier', 'rue du Moulin', 'lotissement Les Genêts', 'Kergoat'],
  ...[
    'La Ville-ès-Nonais',
    'rue des Frères-Lumière',
    'route de Lorient',
    "rue d'Antrain",
    'square Lucien-Rose',
  ],
]
