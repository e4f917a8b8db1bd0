import { styleText } from 'node:util'
import { readSettings } from '../config.ts'
import { generatePatients } from './generate.ts'
import { startDemoServer } from './demo-server.ts'
import { showBeside } from './side-by-side.ts'
import { Story } from './story.ts'

/**
 * `npm run demo`: the main job from end to end, over HTTP as its users do it. Care writes identified
 * records; a researcher files a request; committee and director say yes; the pseudonymised bundle is
 * built into the safe; the safe is opened; what came out stands beside what went in.
 */
const seed = 20_260_101
const patients = Number(process.argv[2] ?? 60)

const say = (text: string) => console.log(text)
const title = (text: string) => say(`\n${styleText('bold', text)}`)

title(`Coffre: ${patients} synthetic French patients, seed ${seed}. Nobody in them lives.`)
const settings = readSettings()
const server = await startDemoServer(settings)
process.once('exit', () => server.stop())
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0))

try {
  await tell(new Story(server))
} catch (error) {
  console.error(`The demonstration stopped: ${error instanceof Error ? error.message : 'unknown reason'}`)
  process.exit(1)
}

async function tell(story: Story): Promise<void> {
  title('1  The EHR writes identified records   (SMART Backend Services, transactions on /fhir)')
  const loaded = await story.load(generatePatients({ seed, patients }))
  say(`   ${loaded.resources} resources of ${patients} patients in ${loaded.seconds.toFixed(1)} s`)

  title('2  A researcher asks')
  const request = await story.fileRequest()
  say(`   ${request.code}, by claire: ${request.title}`)
  say(`   cohort: Patient?${request.cohort}; feasibility: ${request.feasibility} patients`)

  title('3  Three people decide')
  const permit = await story.approve(request.id)
  say('   camille (committee): approves;  denis (director): grants the permit')
  say(`   the permit is a FHIR base URL: ${server.url}/research/${permit}/fhir`)

  title('4  The bundle is built into the safe, and opened   (Bulk Data $export on the permit)')
  const safe = await story.openSafe(permit)
  for (const { type, count, bytes } of safe.files)
    say(`   ${type.padEnd(18)} ${String(count).padStart(6)} resources  ${String(bytes).padStart(9)} bytes`)

  title('5  What went in, and what came out')
  for (const pair of await story.pairs(safe)) showBeside(pair.what, pair.source, pair.released, say)

  title('6  What the permit does not hold, it refuses')
  for (const line of await story.refusals(permit)) say(`   ${line}`)

  title('7  One pseudonym is led back   (four people, a closed list of grounds, once)')
  const desk = await story.reidentify(permit, safe)
  say('   claire (user of the permit) asks, for the benefit of the person')
  say('   dominique (dpo) and philippe (physician) approve; neither sees who it is')
  say(`   delphine (dpo) is told, once: ${desk.told};  asked again: ${String(desk.again)}`)
  say(`   claire sees: ${desk.seen}`)

  title('The server goes on. Ctrl-C ends it.')
  say(`   console   ${server.url}/`)
  say(`   care      ${server.url}/fhir/metadata`)
  say(`   research  ${server.url}/research/${permit}/fhir/metadata`)
  say(`   people    claire (requester), camille (committee), denis (director),`)
  say(`             dominique, delphine (dpo), philippe (physician); password: ${server.password}`)
  say(`   data      ${server.folder}`)
}
