import { echo } from '@openenv-ts/echo'
import { createApp } from '@openenv-ts/server'
import type { ListenOptions } from '@openenv-ts/server/node'
import { describe, expect, it } from 'vitest'
import { openenv } from '../test/in-process.ts'
import { serveCommand } from './commands/serve.ts'
import type { ServeFlags } from './serve-flags.ts'
import { LIMIT_OPTIONS } from './limit-options.ts'
import { listenOptions } from './serving.ts'
import { inspect } from '@openenv-ts/server/testing'

const FLAGS = Object.entries(LIMIT_OPTIONS).map(([limit, { long }]) => ({ limit, flag: long ?? '' }))

/** What `openenv serve` asks of the server with these words. */
function asked(...words: string[]): ListenOptions {
  const command = serveCommand(() => undefined).action(() => undefined)
  command.parse(['echo', ...words], { from: 'user' })
  return listenOptions(command.opts<ServeFlags>(), { tokens: {}, log: () => undefined })
}

describe('the limits of a server', () => {
  it('each have a flag', async () => {
    const app = createApp(echo)
    expect(Object.keys(LIMIT_OPTIONS).sort()).toEqual(Object.keys(inspect(app).limits).sort())
    await app.close()
  })

  it.each(FLAGS)('$flag sets limits.$limit, and nothing else', ({ limit, flag }) => {
    expect(asked(flag, '2048').limits).toEqual({ [limit]: 2048 })
  })

  it.each(FLAGS)('$flag is refused out of its range', async ({ flag }) => {
    for (const value of ['-1', '1.5', 'x', '99999999999']) {
      const { code, stderr } = await openenv(['serve', 'echo', `${flag}=${value}`])
      expect(code).toBe(2)
      expect(stderr).toMatch(new RegExp(`${flag}.*Give a whole number from \\d+ to \\d+`, 's'))
    }
  })

  it('are those of the server where no flag is given', () => {
    expect(asked().limits).toEqual({})
  })
})
