import { transformFile } from '@swc/core'
import { fileURLToPath } from 'node:url'

/** `.swcrc` is read from the folder; pages are in JSX beside it. */
const pages = {
  jsc: {
    parser: { syntax: 'typescript', decorators: true, tsx: true },
    transform: { react: { runtime: 'automatic', importSource: 'preact' } },
  },
}

export async function load(url, context, nextLoad) {
  if (!/\.tsx?$/.test(url)) return nextLoad(url, context)
  const { code } = await transformFile(fileURLToPath(url), url.endsWith('.tsx') ? pages : {})
  return { format: 'module', shortCircuit: true, source: code }
}
