import { readFileSync } from 'node:fs'

/** Pages are written in JSX; `.swcrc`, which leaves `<T>` a type parameter, is for all else. */
const pages = JSON.parse(readFileSync(new URL('.swcrc', import.meta.url), 'utf8'))
pages.jsc.parser.tsx = true
pages.jsc.transform.react = { runtime: 'automatic', importSource: 'preact' }

/** @type {import('jest').Config} */
export default {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: { '^.+\\.ts$': '@swc/jest', '^.+\\.tsx$': ['@swc/jest', pages] },
  globalSetup: '<rootDir>/test/support/cluster-setup.ts',
  globalTeardown: '<rootDir>/test/support/cluster-teardown.ts',
  testTimeout: 30_000,
  // on two cores jest would take one; the database has work of its own, but seldom as much
  maxWorkers: 2,
  // modules of a file are never given back: a worker that has grown makes way for a new one
  workerIdleMemoryLimit: '1GB',
}
