import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { expect, it } from 'vitest'

const ROOT = new URL('../', import.meta.url)

/** Entries that run wherever the web's standards are, and the packages that they may bring: these need nothing of Node. */
const WEB_STANDARD = new Set([
  'zod',
  'pure-rand',
  'fastest-levenshtein',
  'eventsource-parser',
  'hono',
  '@modelcontextprotocol/server',
  '@modelcontextprotocol/client',
])
/** Core brings no more than these: everything else imports it. */
const CORE_BRINGS = new Set(['zod', 'pure-rand', 'fastest-levenshtein'])
const ENTRIES = [
  'packages/core/src/index.ts',
  'packages/core/src/host.ts',
  'packages/core/src/sample-entry.ts',
  'packages/core/src/printable.ts',
  'packages/core/src/wire/index.ts',
  'packages/core/src/testing/index.ts',
  'packages/client/src/index.ts',
  'packages/client/src/mcp/index.ts',
  'packages/server/src/index.ts',
  'packages/server/src/testing.ts',
  'environments/echo/src/index.ts',
  'environments/email-triage/src/index.ts',
]

it.each(ENTRIES)('reaches nothing of Node from %s', (entry) => {
  const foreign = new Set<string>()
  const seen = new Set<string>()
  const visit = (file: URL): void => {
    if (seen.has(file.href)) return
    seen.add(file.href)
    for (const { fileName } of ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles) {
      if (fileName.startsWith('.')) visit(new URL(fileName, file))
      else if (fileName === '#open-socket') visit(new URL('packages/client/src/open-socket.web.ts', ROOT))
      else if (fileName.startsWith('@openenv-ts/')) visit(sourceOf(fileName))
      else foreign.add(/^(?:@[^/]+\/)?[^/]+/.exec(fileName)?.[0] ?? fileName)
    }
  }
  visit(new URL(entry, ROOT))
  const allowed = entry.startsWith('packages/core/') ? CORE_BRINGS : WEB_STANDARD
  expect([...foreign].filter((name) => !allowed.has(name))).toEqual([])
})

function sourceOf(specifier: string): URL {
  const [, name = '', ...subpath] = specifier.split('/')
  const { exports } = JSON.parse(readFileSync(new URL(`packages/${name}/package.json`, ROOT), 'utf8')) as {
    exports: Record<string, Record<string, string>>
  }
  const source = exports[['.', ...subpath].join('/')]?.['@openenv-ts/source']
  if (source === undefined) throw new Error(`${specifier} is not exported.`)
  return new URL(`packages/${name}/${source}`, ROOT)
}
