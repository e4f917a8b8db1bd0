/** @type {import('jest').Config} */
export default {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  globalSetup: '<rootDir>/test/support/cluster-setup.ts',
  globalTeardown: '<rootDir>/test/support/cluster-teardown.ts',
  testTimeout: 30_000,
  // on two cores jest would take one; the database has work of its own, but seldom as much
  maxWorkers: 2,
  // modules of a file are never given back: a worker that has grown makes way for a new one
  workerIdleMemoryLimit: '1GB',
}
