import { defineConfig } from 'vitest/config'
import { STARTING_PROCESSES } from './files.ts'

const conditions = ['@openenv-ts/source', 'module', 'node', 'development|production']

// Tests that start processes: the command, Python, executors. They stand beside the code, as unit tests do.
export default defineConfig({
  root: new URL('../../', import.meta.url).pathname,
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: STARTING_PROCESSES,
    exclude: ['**/node_modules/**', '**/dist/**'],
    globalSetup: './test/uv.mjs',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
