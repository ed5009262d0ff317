import { defineConfig } from 'vitest/config'

// Sibling packages resolve to their sources, so tests need no build.
const conditions = ['@openenv-ts/source', 'module', 'node', 'development|production']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: './chromium.ts',
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
