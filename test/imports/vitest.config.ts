import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const conditions = ['@openenv-ts/source', 'module', 'node', 'development|production']

export default defineConfig({
  root: dirname(fileURLToPath(import.meta.url)),
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['*.test.ts'],
    // Verifiers up to 0.1.14 needs a package without a wheel.
    env: { OPENENV_BUILD: '1' },
    globalSetup: ['../uv.mjs', './setup.ts'],
    // Each waits for Python and for packages half of the time. What they import has names of its own in each file;
    // virtual environments are shared, and made once by whichever comes first.
    maxWorkers: 2,
    maxConcurrency: 3,
    testTimeout: 180_000,
    hookTimeout: 600_000,
  },
})
