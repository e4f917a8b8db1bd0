import { badBodies } from './bad-bodies.ts'
import { badBundles } from './bad-bundles.ts'
import { badDefinitions } from './bad-definitions.ts'
import { badLinks } from './bad-links.ts'
import { badMessages } from './bad-messages.ts'
import { badOperations } from './bad-operations.ts'
import { badPatches } from './bad-patches.ts'
import type { BadRequest } from './bad-request.ts'
import { badSearches } from './bad-searches.ts'
import { badTerminology } from './bad-terminology.ts'
import { badTransport } from './bad-transport.ts'
import { badUrls } from './bad-urls.ts'
import { badXml } from './bad-xml.ts'

/** All requests that are wrong: what each of them is answered is said with it. */
export const badRequests: readonly BadRequest[] = [
  ...badBodies,
  ...badUrls,
  ...badMessages,
  ...badXml,
  ...badPatches,
  ...badSearches,
  ...badLinks,
  ...badTerminology,
  ...badDefinitions,
  ...badBundles,
  ...badOperations,
  ...badTransport,
]
