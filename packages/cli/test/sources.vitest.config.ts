import { defineConfig } from 'vitest/config'

// For packages that the command has made inside this repository: siblings resolve to their sources, with no build.
const conditions = ['@openenv-ts/source', 'module', 'node', 'development|production']

export default defineConfig({
  test: { dir: 'src' },
  resolve: { conditions },
  ssr: { resolve: { conditions } },
})
