// MCP's official conformance suite against a server of ours: `npm run conformance`.
// What cannot apply is listed, with the reason, in expected-failures/; an entry that passes fails the run.
import { serve } from '@openenv-ts/server/node'
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { conformance } from './environment.ts'

const SUITE = '@modelcontextprotocol/conformance@0.2.0-alpha.12'
/** The suite needs Node 22 or newer; this brings one where an older one runs. */
const NODE = 'node@24.21.0'
const REVISIONS = ['2025-11-25', '2026-07-28']

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** Runs the suite's command; its exit code. */
function suite(...args: readonly string[]): Promise<number> {
  const command = ['--yes', '--package', NODE, '--package', SUITE, '--', 'conformance', ...args]
  return new Promise((resolve, reject) => {
    spawn('npx', command, { stdio: ['ignore', 'inherit', 'inherit'] })
      .once('error', reject)
      .once('exit', (code) => {
        resolve(code ?? 1)
      })
  })
}

const results = await mkdtemp(join(tmpdir(), 'openenv-ts-conformance-'))
let failed = false
for (const revision of REVISIONS) {
  console.log(`\n=== server, ${revision}`)
  await using server = await serve(conformance, { port: 0, agentEpisode: '' })
  const url = `${server.url.replace('127.0.0.1', 'localhost')}/mcp`
  const code = await suite(
    ...['server', '--url', url, '--requirements', revision],
    ...['--expected-failures', file(`expected-failures/server-${revision}.yml`), '-o', results],
  )
  failed ||= code !== 0
}
await rm(results, { recursive: true })
process.exitCode = failed ? 1 : 0
