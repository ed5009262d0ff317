#!/usr/bin/env node
import { existsSync } from 'node:fs'

// Committed as it is: a bin that only a build makes would get no link on `npm ci`.
const built = new URL('../dist/main.js', import.meta.url)
if (existsSync(built)) {
  await import(built.href)
} else {
  process.stderr.write(
    'error: openenv is not built here; run `npm ci` or `npm run build` in the repository.\n',
  )
  process.exitCode = 1
}
