import fc from 'fast-check'
import { sounds } from '../../../src/fhir/search/phonetic.ts'

describe('Names that sound alike (R4 § Patient, "phonetic")', () => {
  it.each([
    ['Dupont', 'Dupond', 'Dupon', 'DUPONDS'],
    ['Lefebvre', 'Lefèvre', 'Lefevre', 'Le­febvres'],
    ['Philippe', 'Filipe', 'Philipe'],
    ['Thibault', 'Thibaud', 'Tibaut', 'Thibaux'],
    ['Catherine', 'Katrine', 'Katherine'],
    ['Stéphane', 'Stefane', 'Stephane'],
    ['Christine', 'Kristine'],
    ['Guillaume', 'Guilhaume', 'Guiliaume'],
    ['Hervé', 'Ervé'],
    ['Yves', 'Ives', 'Yve'],
    ['Benoît', 'Benoit', 'Benoist'],
    ['Müller', 'Muller', 'Mueller'],
    ['Schmidt', 'Schmitt', 'Chmid'],
    ['Smith', 'Smyth'],
    ['Thompson', 'Thomson'],
    ['Jean', 'Jan'],
  ])('are one: %s, %s, …', (...names) => {
    const [first, ...others] = names.map((name) => sounds(name.replace(/\u00ad/g, '')).join(' '))
    for (const other of others) expect(other).toBe(first)
  })

  it.each([
    ['Dupont', 'Durand'],
    ['Martin', 'Mercier'],
    ['Petit', 'Petite'],
    ['Smith', 'Jones'],
    ['Bernard', 'Renard'],
    ['Moreau', 'Morel'],
  ])('are two: %s and %s', (one, other) => {
    expect(sounds(one)).not.toEqual(sounds(other))
  })

  it('are compared word by word, in any script', () => {
    expect(sounds("Anne-Marie D'Œuvre")).toEqual([
      ...sounds('Anne'),
      ...sounds('Marie'),
      't',
      ...sounds('oeuvre'),
    ])
    expect(sounds('Мария 2')).toEqual(['мария', '2'])
    expect(sounds(' - ')).toEqual([])
  })

  it('have one code for each word, never an empty one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (text) => {
        for (const sound of sounds(text)) expect(sound).toMatch(/^\S+$/)
      }),
    )
    for (const word of ['e', 'es', 'h', 'hh', 's', 'tt', 'ee', 'oh', 'x', 'ex'])
      expect(sounds(word)[0]).not.toBe('')
  })
})
