import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { observation, patient } from '../export/world.ts'
import type { Client, TestServer } from './server.ts'

/** A patient with a former version, Observations with texts of their own and of many, one that was deleted. */
export async function writeRecord(care: Client, id: string): Promise<void> {
  const identifier = [{ system: 'urn:ipp', value: `n-${id}` }]
  await care.put(`/fhir/Patient/${id}`, patient(id, { identifier })).expect(201)
  await care.put(`/fhir/Patient/${id}`, patient(id, { identifier, gender: 'male' })).expect(200)
  const text = (name: string, words: string) => ({
    ...observation(`${id}-${name}`, id),
    code: { coding: [{ system: 'http://loinc.org', code: '2160-0' }], text: words },
    note: [{ text: `note about ${id}` }],
    component: [
      {
        code: { text: 'part' },
        valueQuantity: { value: 5, system: 'http://unitsofmeasure.org', code: 'kg' },
      },
    ],
  })
  await care.put(`/fhir/Observation/${id}-1`, text('1', `words of ${id} alone`)).expect(201)
  await care.put(`/fhir/Observation/${id}-2`, text('2', 'words of many')).expect(201)
  await care.put(`/fhir/Observation/${id}-3`, text('3', 'words of many')).expect(201)
  await care.delete(`/fhir/Observation/${id}-3`).expect(204)
}

/**
 * Carries an erasure out in a process of its own, which kills itself before the step of that number.
 *
 * @returns whether it was killed; else it had come to its end
 */
export function killedAt(server: TestServer, id: string, at: Date, step: number): Promise<boolean> {
  const program = fileURLToPath(import.meta.resolve('./erasure-to-kill.ts'))
  const loader = fileURLToPath(import.meta.resolve('./typescript.mjs'))
  const given = [server.databaseUrl, server.settings.dataDir, id, at.toISOString(), String(step)]
  const child = fork(program, given, { execArgv: ['--no-warnings', '--import', loader] })
  return new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal === 'SIGKILL')))
}
