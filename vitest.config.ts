import { defineConfig } from 'vitest/config'
import { STARTING_PROCESSES } from './test/processes/files.ts'

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
    exclude: ['**/node_modules/**', '**/dist/**', ...STARTING_PROCESSES],
    setupFiles: ['./test/no-processes.ts', './test/assertions.ts'],
    // Modules are evaluated once per worker, not once per file, which saves a third of the time.
    isolate: false,
    maxWorkers: 2,
    // The machine that runs them may be busy; what must be quick is measured in bench/.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
