import { Controller, Get, Header } from '@nestjs/common'
import { Settings } from '../config.ts'

/** A page for whoever opens the address in a browser: what this is, and where things are. */
@Controller()
export class LandingController {
  constructor(private readonly settings: Settings) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
  page(): string {
    return landingPage(this.settings.publicUrl)
  }
}

const places: readonly (readonly [path: string, what: string])[] = [
  ['/fhir/metadata', 'the care base, FHIR R4: its CapabilityStatement'],
  ['/fhir/openapi.json', 'the same as an OpenAPI document'],
  ['/fhir/.well-known/smart-configuration', 'how a SMART client gets a token for it'],
  ['/governance/openapi.json', 'the API for data access requests and permits'],
  ['/health/ready', 'whether the server can do its work'],
]

function landingPage(publicUrl: string): string {
  const rows = places
    .map(([path, what]) => `<dt><a href="${path}">${path}</a></dt><dd>${what}</dd>`)
    .join('\n')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Coffre</title>
<style>
body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
dt { font-weight: 600; margin-top: .8rem } dd { margin: 0 }
a { color: #0b4f8a }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #181818 } a { color: #8cc4ff } }
</style>
</head>
<body>
<main>
<h1>Coffre</h1>
<p>A FHIR R4 server for a hospital's clinical data warehouse. Care sees patients, research sees pseudonyms,
and the way from one to the other is narrow, approved by people, and on record.</p>
<p>The FHIR base is <code>${escape(publicUrl)}/fhir</code>. Each approved project has a base of its own,
<code>/research/{permit}/fhir</code>.</p>
<dl>
${rows}
</dl>
</main>
</body>
</html>
`
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
