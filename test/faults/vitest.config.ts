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
    // Each test has a server process of its own; two storms at a time would disturb each other.
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
