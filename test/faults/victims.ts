import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ListenOptions } from '@openenv-ts/server/node'

const SOURCES = fileURLToPath(new URL('../../packages/cli/test/sources.js', import.meta.url))
const VICTIM = fileURLToPath(new URL('./victim.ts', import.meta.url))

/** How a server is, after a collection. */
export interface Condition {
  readonly rss: number
  readonly heap: number
  readonly sessions: number
}

/** A server in a process of its own. */
export interface Victim extends AsyncDisposable {
  readonly port: number
  readonly url: string
  readonly child: ChildProcess
  condition(): Promise<Condition>
}

/** Starts a server of echo. It ends with this process, whatever happens. */
export async function startVictim(
  options: Pick<ListenOptions, 'requestSeconds' | 'pingSeconds' | 'port'> = {},
): Promise<Victim> {
  const child = fork(VICTIM, [JSON.stringify({ port: 0, ...options })], {
    execArgv: ['--conditions=@openenv-ts/source', '--import', SOURCES, '--expose-gc'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [{ port }] = (await once(child, 'message')) as [{ readonly port: number }]
  return {
    port,
    url: `http://127.0.0.1:${String(port)}`,
    child,
    condition: async () => {
      child.send('how are you?')
      const [condition] = (await once(child, 'message')) as [Condition]
      return condition
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** A neighbor that plays on: its slowest step, in milliseconds, until it is stopped. */
export async function neighbor(url: string): Promise<{ stop(): Promise<number> }> {
  const { connect } = await import('@openenv-ts/client')
  const episode = await connect(url, { timeoutMs: 30_000 })
  await episode.reset()
  const game = { goesOn: true }
  let slowest = 0
  const play = (async () => {
    while (game.goesOn) {
      const start = performance.now()
      const message = `step ${String(start)}`
      const { observation } = await episode.step({ message })
      if (observation['message'] !== message) throw new Error('The neighbor was given another answer.')
      slowest = Math.max(slowest, performance.now() - start)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })()
  return {
    stop: async () => {
      game.goesOn = false
      await play
      await episode.close()
      return slowest
    },
  }
}
