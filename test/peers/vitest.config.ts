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
    globalSetup: './setup.ts',
    maxWorkers: 2,
    // Each test starts a Python process or two, which takes seconds on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
