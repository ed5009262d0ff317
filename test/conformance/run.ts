// MCP's official conformance suite against a server and a client of ours: `npm run conformance`.
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

/**
 * What a client that calls tools has to do, by revision. The suite's other scenarios are about OAuth, where a person
 * signs in; a token is what a harness has.
 */
const CLIENT_SCENARIOS = {
  '2025-11-25': [
    'initialize',
    'tools_call',
    'sse-retry',
    'json-schema-2020-12-preservation',
    'elicitation-sep1034-client-defaults',
  ],
  '2026-07-28': [
    'tools_call',
    'request-metadata',
    'http-standard-headers',
    'http-custom-headers',
    'http-invalid-tool-headers',
    'json-schema-ref-no-deref',
    'json-schema-2020-12-preservation',
    'sep-2322-client-request-state',
  ],
}

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const results = await mkdtemp(join(tmpdir(), 'openenv-ts-conformance-'))
const failed: string[] = []

/** Runs the suite's command. */
async function suite(what: string, ...args: readonly string[]): Promise<void> {
  console.log(`\n=== ${what}`)
  const command = [
    '--yes',
    '--package',
    NODE,
    '--package',
    SUITE,
    '--',
    'conformance',
    ...args,
    '-o',
    results,
  ]
  const code = await new Promise((resolve, reject) => {
    spawn('npx', command, { stdio: ['ignore', 'inherit', 'inherit'] })
      .once('error', reject)
      .once('exit', resolve)
  })
  if (code !== 0) failed.push(what)
}

for (const revision of Object.keys(CLIENT_SCENARIOS)) {
  await using server = await serve(conformance, { port: 0, agentEpisode: '' })
  const url = `${server.url.replace('127.0.0.1', 'localhost')}/mcp`
  const expected = file(`expected-failures/server-${revision}.yml`)
  await suite(
    `server, ${revision}`,
    ...['server', '--url', url, '--requirements', revision, '--expected-failures', expected],
  )
}

// One after the other: the suite would start all clients at once, and count the slow ones as failed.
const client = [process.execPath, ...process.execArgv, file('client.ts')].join(' ')
for (const [revision, scenarios] of Object.entries(CLIENT_SCENARIOS)) {
  for (const scenario of scenarios) {
    await suite(
      `client, ${revision}: ${scenario}`,
      ...['client', '--command', client, '--scenario', scenario, '--spec-version', revision],
      ...['--expected-failures', file('expected-failures/client.yml')],
    )
  }
}

await rm(results, { recursive: true })
console.log(failed.length === 0 ? '\nConformant.' : `\nNot conformant: ${failed.join('; ')}.`)
process.exitCode = failed.length === 0 ? 0 : 1
