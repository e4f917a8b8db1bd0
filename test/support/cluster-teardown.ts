import { rmSync } from 'node:fs'

export default async function teardown(): Promise<void> {
  const running = globalThis.coffreTestCluster
  if (!running) return
  await running.cluster.stop()
  rmSync(running.folder, { recursive: true, force: true })
}
