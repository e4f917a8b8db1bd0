import type { Random } from './random.ts'

/** `gender` of the person the name is drawn for, as FHIR spells it. */
export type Gender = 'female' | 'male'

/** Names by frequency: the first of a list is drawn about `length ^ steepness` times as often as the last. */
function drawRanked(from: Random, names: readonly string[], steepness: number): string {
  const rank = Math.floor(names.length * from.next() ** (1 + steepness))
  return names[Math.min(rank, names.length - 1)] ?? ''
}

const words = (text: string): readonly string[] => text.split(',').map((word) => word.trim())

/** Family names, French and Breton by frequency; then the names of those who came from elsewhere. */
const familyNames = words(
  `Martin,Le Gall,Bernard,Thomas,Le Goff,Petit,Robert,Richard,Durand,Dubois,Moreau,Simon,Laurent,Hamon,Lefebvre,
  Michel,Garcia,David,Bertrand,Roux,Vincent,Fournier,Morel,Girard,André,Lefèvre,Mercier,Dupont,Lambert,Bonnet,
  François,Martinez,Legrand,Garnier,Faure,Rousseau,Blanc,Guérin,Müller,Henry,Roussel,Nicolas,Perrin,Morin,Mathieu,
  Clément,Gauthier,Dumont,Lopez,Fontaine,Chevalier,Robin,Masson,Sanchez,Gérard,Nguyen,Boyer,Denis,Lemaire,Duval,
  Joly,Gautier,Roger,Roche,Roy,Noël,Meyer,Lucas,Meunier,Jean,Perez,Marchand,Dufour,Blanchard,Marie,Barbier,Brun,
  Dumas,Brunet,Schmitt,Leroux,Colas,Fernandez,Pierre,Renard,Arnaud,Rolland,Caron,Aubert,Giraud,Leclerc,Vidal,
  Bourgeois,Renaud,Lemoine,Picard,Gaillard,Philippe,Leclercq,Lacroix,Fabre,Dupuis,Olivier,Rodriguez,Da Silva,
  Hubert,Louis,Charles,Guillot,Rivière,Le Roux,Guillaume,Adam,Rey,Moulin,Gonzalez,Berger,Lecomte,Ménard,Fleury,
  Deschamps,Carpentier,Julien,Benoît,Paris,Maillard,Marchal,Aubry,Vasseur,Le Roy,Renault,Jacquet,Collet,Prévost,
  Poirier,Charpentier,Royer,Huet,Baron,Dupuy,Pons,Paul,Laine,Carré,Breton,Rémy,Schneider,Kervella,Tanguy,Guégan,
  Le Guennec,Riou,Quéré,Cadiou,Kerbrat,Jézéquel,Le Corre,Morvan,Le Bihan,Guivarc'h,Le Berre,L'Hostis,Prigent,
  Abgrall,Gouézec,Penven,Cloarec,Le Floc'h,Rault,Hervé,Le Tallec,Guillou,Josse,Gicquel,Lebreton,Pellerin,Chesnais,
  Trégouët,Boucher,Kermarrec,Le Mée,Le Hénaff,Cozic,Rouault,Salaün,Bouëdec,Le Dû,Coëffic,Péron,Cariou`,
)
const rareNames = words(
  `de La Villemarqué,du Plessis,d'Orval,de Kerguelen,de La Bourdonnaye,Hay des Nétumières,L'Helgoualc'h,
  Saint-Martin,Kerbiriou-Le Bras,Bois-Héry,de Saint-Exupère,Le Pennec-Morin`,
)
const namesFromAbroad = words(
  `Benali,Diallo,Traoré,Ben Saïd,El Amrani,Yılmaz,Pereira,Ferreira,Haddad,Bouzid,N'Diaye,Mbaye,Popescu,Kowalski,
  Trần,Kaya,Ouattara,Coulibaly,Ndong,O'Connor,Smith,Al-Masri`,
)

interface Generation {
  readonly until: number
  readonly female: readonly string[]
  readonly male: readonly string[]
}

/** Given names by year of birth, about in the order of their fashion; ranks are ours, not INSEE's counts. */
const generations: readonly Generation[] = [
  {
    until: 1945,
    female: words(
      `Marie,Jeanne,Yvonne,Denise,Simone,Marie-Thérèse,Odette,Thérèse,Anne,Renée,Jacqueline,Andrée,Louise,Suzanne,
      Germaine,Huguette,Paulette,Annick,Raymonde,Éliane,Gisèle,Marie-Louise,Soizic,Anna`,
    ),
    male: words(
      `Jean,Pierre,André,Marcel,René,Yves,Louis,Roger,Joseph,Michel,Henri,Robert,Georges,Raymond,François,Lucien,
      Albert,Émile,Eugène,Jean-Marie,Hervé,Corentin,Ange`,
    ),
  },
  {
    until: 1965,
    female: words(
      `Marie,Martine,Françoise,Monique,Catherine,Annie,Nicole,Christine,Jacqueline,Brigitte,Marie-Christine,Michèle,
      Chantal,Danielle,Anne-Marie,Sylvie,Nadine,Josiane,Évelyne,Patricia,Béatrice,Maryvonne,Gaëlle,Hélène,Élisabeth`,
    ),
    male: words(
      `Michel,Jean,Alain,Philippe,Bernard,Jean-Pierre,Gérard,Patrick,Jean-Claude,Daniel,Yves,Christian,Jacques,
      Jean-Yves,Jean-Luc,Dominique,Loïc,Hervé,Pascal,Serge,Joël,Didier,Yannick,Noël,Jean-François`,
    ),
  },
  {
    until: 1985,
    female: words(
      `Nathalie,Isabelle,Sandrine,Valérie,Stéphanie,Céline,Sophie,Karine,Laurence,Christelle,Virginie,Delphine,Anne,
      Aurélie,Émilie,Gwenaëlle,Hélène,Florence,Laëtitia,Magali,Marie-Laure,Séverine,Solenn,Rozenn,Noémie,Chloé`,
    ),
    male: words(
      `Stéphane,Nicolas,Christophe,Laurent,David,Frédéric,Sébastien,Julien,Olivier,Éric,Thierry,Jérôme,Ronan,
      Guillaume,Mickaël,Erwan,Yann,Cédric,Benoît,François-Xavier,Gaël,Fabrice,Franck,Rémi,Tugdual,Gwénolé`,
    ),
  },
  {
    until: 2005,
    female: words(
      `Léa,Camille,Manon,Marie,Laura,Chloé,Pauline,Sarah,Marine,Mathilde,Julie,Anaïs,Océane,Justine,Lucie,Emma,
      Élodie,Clara,Margaux,Maëlle,Enora,Morgane,Solène,Inès,Zoé,Héloïse,Anne-Sophie,Fatoumata,Yasmine`,
    ),
    male: words(
      `Thomas,Nicolas,Lucas,Alexandre,Théo,Maxime,Antoine,Romain,Hugo,Kévin,Clément,Quentin,Florian,Valentin,
      Corentin,Pierre,Paul,Titouan,Malo,Mathéo,Jérémy,Ewen,Brieuc,Mohamed,Jean-Baptiste,Loïc,Gurvan,Anaël`,
    ),
  },
  {
    until: 9999,
    female: words(
      `Emma,Jade,Louise,Alice,Ambre,Lina,Rose,Chloé,Mia,Anna,Léna,Julia,Romy,Inès,Agathe,Juliette,Zoé,Nina,Maëlys,
      Éléonore,Soline,Lou,Aïcha,Gwenn,Sélène,Victoire,Apolline,Lou-Ann`,
    ),
    male: words(
      `Gabriel,Léo,Raphaël,Louis,Arthur,Jules,Adam,Maël,Lucas,Hugo,Noah,Liam,Gabin,Sacha,Paul,Nathan,Aaron,Mohamed,
      Eden,Malo,Tom,Léon,Marceau,Éwen,Côme,Timothée,Elouan,Nolan`,
    ),
  },
]

/** A family name; now and then two joined by a hyphen, or one with a particle. */
export function familyName(from: Random): string {
  const draw = from.next()
  if (draw < 0.015) return drawRanked(from, rareNames, 0)
  if (draw < 0.075) return drawRanked(from, namesFromAbroad, 0.3)
  const name = drawRanked(from, familyNames, 0.8)
  return draw > 0.97 ? `${name}-${drawRanked(from, familyNames, 0.5)}` : name
}

/** One to three given names in the fashion of the year of birth, all different. */
export function givenNames(from: Random, gender: Gender, birthYear: number): readonly string[] {
  const names = new Set<string>()
  const count = from.weighted([1, 2, 3], (length) => [0.25, 0.35, 0.4][length - 1] ?? 0)
  while (names.size < count) {
    // middle names come from the parents' and grandparents' time
    const year = names.size === 0 ? birthYear : birthYear - 30 * names.size
    names.add(drawRanked(from, generationOf(year)[gender], 0.6))
  }
  return [...names]
}

function generationOf(birthYear: number): Generation {
  const found = generations.find((generation) => birthYear < generation.until)
  if (!found) throw new TypeError('no given names for this year')
  return found
}

/** Without accents, in lower case, other signs as `.`: the local part of a mail address. */
export function plainName(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .replace(/ı/g, 'i')
    .toLowerCase()
    .replace(/[^a-z]+/g, '.')
}
