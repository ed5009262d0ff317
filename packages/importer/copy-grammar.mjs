// Packs the grammar of Python with this package: of tree-sitter-python it needs one file in sixteen, and no install script.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const into = fileURLToPath(new URL('grammar', import.meta.url))
rmSync(into, { recursive: true, force: true })
if (!process.argv.includes('--remove')) {
  const from = dirname(createRequire(import.meta.url).resolve('tree-sitter-python/package.json'))
  mkdirSync(into)
  for (const file of ['tree-sitter-python.wasm', 'LICENSE']) copyFileSync(join(from, file), join(into, file))
}
