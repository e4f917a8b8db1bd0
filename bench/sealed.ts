import type { BenchServer } from './bench-server.ts'
import { clearSearches, SealedBench } from './clear-index.ts'
import { median, type Figure } from './figure.ts'
import { people } from './people.ts'

/**
 * What sealing costs. A care read of what is sealed beside one of the same resource with nothing sealed; a
 * search by the blind index beside the same search by an index in clear, built for the comparison in the
 * same database. Microseconds; medians of five rounds that take turns, so that what else the machine does
 * hurts both alike.
 */
export async function sealedFigures(server: BenchServer, patients: number): Promise<Figure[]> {
  const resources = people(patients)
  await server.importAll(resources)
  const bench = await SealedBench.build(server, resources)
  const figures: Figure[] = []
  const ratio = (work: string, [ours, bare]: readonly [number[], number[]]) =>
    figures.push({
      ...{ work, unit: 'µs', figure: median(ours), limit: median(bare) },
      ratio: median(ours) / median(bare),
    })
  try {
    for (const type of ['Patient', 'Observation'])
      ratio(`${type}, read sealed, beside one unsealed`, await bench.reads(type))
    for (const search of clearSearches)
      ratio(`${search.name}, beside an index in clear`, await bench.searches(search))
  } finally {
    await bench.close()
  }
  return figures
}
