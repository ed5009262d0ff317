import { defineConfig } from 'vitest/config'

// Apart from the unit tests: the linter reads its own program of types, which takes as long as hundreds of them.
export default defineConfig({
  test: { root: import.meta.dirname, include: ['*.test.ts'], testTimeout: 60_000, hookTimeout: 120_000 },
})
