import { transformFile } from '@swc/core'
import { fileURLToPath } from 'node:url'

export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context)
  const { code } = await transformFile(fileURLToPath(url))
  return { format: 'module', shortCircuit: true, source: code }
}
