import { defineConfig } from 'vitest/config'

// Apart from the unit tests: it builds, packs, and installs from the registry.
export default defineConfig({
  test: { root: import.meta.dirname, include: ['*.test.ts'], testTimeout: 120_000, hookTimeout: 300_000 },
})
