import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { definePureEnvironment, type AnyEnvironment } from '@openenv-ts/core'
import { emailTriage } from '@openenv-ts/email-triage'
import { serve, type ListenOptions } from '@openenv-ts/server/node'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { SCHEMATHESIS, SKIPPED, runProgram } from './peers.ts'
import { inspect } from '@openenv-ts/server/testing'

/** Schemathesis makes thousands of requests, which takes minutes on a busy machine. */
const TIMEOUT_MS = 600_000
const TOKEN = 'c'.repeat(30)

const CONFIG = fileURLToPath(new URL('schemathesis.toml', import.meta.url))

/** Refuses actions that break its schema, has options and no tasks: what email-triage has not. */
const dial = definePureEnvironment({
  name: 'dial',
  description: 'Turn a dial to where it should be.',
  action: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('turn'), by: z.number().min(-1).max(1), note: z.string().nullish() }),
    z.strictObject({ kind: z.literal('rest') }),
  ]),
  observation: z.strictObject({ at: z.number() }),
  state: z.strictObject({ at: z.number() }),
  options: z.object({ from: z.int().min(0).max(9).optional() }),
  initial: ({ options }) => ({ at: typeof options['from'] === 'number' ? options['from'] : 0 }),
  transition: ({ at }, action) => ({ at: action.kind === 'turn' ? at + action.by : at }),
  observe: ({ at }) => ({ at }),
  reward: { near: { weight: 1, score: ({ at }) => (Math.abs(at - 5) < 1 ? 1 : 0) } },
  status: () => 'running',
  view: { schema: z.strictObject({ at: z.number() }), of: ({ at }) => ({ at }) },
})

/** Servers whose documents differ: every group of routes, and both kinds of environments, is in one of them. */
export const SERVERS: Readonly<Record<string, readonly [AnyEnvironment, ListenOptions]>> = {
  'email-triage, with tokens': [emailTriage, { tokens: { control: TOKEN } }],
  'email-triage, below a prefix in minimal mode': [emailTriage, { routes: 'minimal', basePath: '/one' }],
  'email-triage, in production mode': [emailTriage, { mode: 'production' }],
  'a pure environment without tasks': [dial, {}],
}

/**
 * Declares a test for each server: what Schemathesis makes up from the document, valid and invalid, is answered as the
 * document says.
 *
 * @param examples - Cases that are made up for each operation, beside those at the edges of its schemas.
 */
export function itIsTrueForSchemathesis(examples: number): void {
  for (const [name, [environment, options]] of Object.entries(SERVERS)) {
    it.skipIf(SKIPPED)(
      `says what holds for ${name}`,
      async () => {
        await using server = await serve(environment, { port: 0, ...options })
        const folder = await mkdtemp(join(tmpdir(), 'openenv-ts-openapi-'))
        try {
          // In minimal mode the document is not served. What Schemathesis keeps goes into the folder, too.
          const document = join(folder, 'openapi.json')
          await writeFile(document, JSON.stringify(await inspect(server).openApi()))
          const { code, stdout } = await runProgram(
            SCHEMATHESIS,
            'schemathesis',
            [
              ...[
                '--config-file',
                CONFIG,
                'run',
                document,
                '--url',
                server.url,
                '--checks',
                'all',
                '--warnings',
                'off',
              ],
              ...['--seed', '1', '--max-examples', String(examples), '--no-color'],
              ...['--generation-database', 'none', '--header', `Authorization: Bearer ${TOKEN}`],
            ],
            folder,
          )
          expect(code, stdout).toBe(0)
          expect(stdout).toMatch(/\b\d+ generated, \d+ passed/)
        } finally {
          await rm(folder, { recursive: true })
        }
      },
      TIMEOUT_MS,
    )
  }
}
