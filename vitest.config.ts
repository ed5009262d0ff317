import { defineConfig } from 'vitest/config'

// Sibling packages resolve to their sources, so tests need no build.
const conditions = ['@openenv-ts/source', 'module', 'node', 'development|production']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      'packages/*/{src,test}/**/*.test.ts',
      'environments/**/*.test.ts',
      'test/*.test.ts',
      'examples/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**'],
    globalSetup: './test/uv.mjs',
    maxWorkers: 2,
    // The machine that runs them may be busy; what must be quick is measured in bench/.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
