import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '@openenv-ts/client'
import { openLocal, type Reply } from '@openenv-ts/core'
import emailTriage from '@openenv-ts/email-triage'
import { expect, it } from 'vitest'
import { folder, start, type Running } from '../../packages/cli/test/command.ts'

// The real command, killed and started again on the same port, under clients that go on with their episodes.

type Seen = readonly (readonly [observation: unknown, reward: number | null, done: boolean, info: unknown])[]

const LABELS = ['urgent', 'normal', 'spam', 'archive'] as const

/** What a player that knows nothing does at a step. */
function actionAt(player: number, step: number) {
  return {
    label: LABELS[(player + step) % 4] ?? 'normal',
    route_to: 'support',
    summary: `Step ${String(step)} of player ${String(player)}: somebody wants something.`,
  } as const
}

const shown = ({ observation, reward, done, info }: Reply<unknown>) =>
  [observation, reward, done, info] as const

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function serving(port: number, directory: string): Promise<Running> {
  const server = start(['serve', 'email-triage', '--port', String(port), '--resume-dir', directory])
  await server.shows(/Listening on/)
  return server
}

/** The whole episode in this process: what nobody's restart may change. */
async function undisturbed(player: number): Promise<Seen> {
  await using episode = openLocal(emailTriage)
  let reply: Reply<unknown> = await episode.reset({ taskId: 'task_medium', seed: player })
  const seen = [shown(reply)]
  for (let step = 0; !reply.done; step += 1) {
    reply = await episode.step(actionAt(player, step))
    seen.push(shown(reply))
  }
  return seen
}

it.each(['SIGKILL', 'SIGTERM'] as const)(
  'a server that is ended by %s again and again is invisible to eight players but for the delay',
  async (signal) => {
    await using directory = await folder()
    const port = await freePort()
    let server = await serving(port, directory.path)
    const play = { goesOn: true }
    const restarts = (async () => {
      for (let round = 0; play.goesOn && round < 4; round += 1) {
        await new Promise((resolve) => setTimeout(resolve, 150 + round * 70))
        server.kill(signal)
        await server.finished
        server = await serving(port, directory.path)
      }
    })()
    const players = Array.from({ length: 8 }, async (_, player) => {
      await using episode = await connect(`http://127.0.0.1:${String(port)}`, {
        environment: emailTriage,
        resume: true,
        timeoutMs: 30_000,
      })
      let reply = await episode.reset({ taskId: 'task_medium', seed: player })
      const seen = [shown(reply)]
      for (let step = 0; !reply.done; step += 1) {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 200))
        if (step % 4 === 3) expect((await episode.state()).stepCount).toBe(step)
        reply = await episode.step(actionAt(player, step))
        seen.push(shown(reply))
      }
      expect(episode.stepCount).toBe(seen.length - 1)
      return seen
    })
    const seen = await Promise.all(players)
    play.goesOn = false
    await restarts
    await server[Symbol.asyncDispose]()
    expect(seen).toEqual(await Promise.all(Array.from({ length: 8 }, (_, player) => undisturbed(player))))
  },
)

it('what is kept is for the server alone, names no token, and goes when its client takes leave', async () => {
  await using directory = await folder()
  const port = await freePort()
  const kept = join(directory.path, 'kept')
  await using _server = await serving(port, kept)
  const url = `http://127.0.0.1:${String(port)}`
  const tokens: string[] = []
  const { WebSocket } = await import('ws')
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`)
  socket.on('message', (data: Buffer) => {
    const { token } = (JSON.parse(data.toString()) as { data: { token?: string } }).data
    if (token !== undefined) tokens.push(token)
  })
  const said = async (message: unknown): Promise<string> => {
    socket.send(JSON.stringify(message))
    return new Promise((resolve) =>
      socket.once('message', (data: Buffer) => {
        resolve(data.toString())
      }),
    )
  }
  await new Promise((resolve) => socket.once('open', resolve))
  const answers = [
    await said({ type: 'resume' }),
    await said({ type: 'reset', data: { task_id: 'task_easy' } }),
    await said({ type: 'step', data: actionAt(0, 0) }),
  ]
  expect((await stat(kept)).mode & 0o777).toBe(0o700)
  const names = await readdir(kept)
  expect(names).toHaveLength(1)
  const file = join(kept, names[0] ?? '')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const text = await readFile(file, 'utf8')
  expect(tokens).toHaveLength(1)
  expect(tokens[0]).toMatch(/^[\w-]{43}$/)
  expect(names.join() + text).not.toContain(tokens[0])
  expect(JSON.parse(text)).toHaveProperty('stepCount', 1)
  // The snapshot knows more than was ever said.
  expect(answers.join()).not.toContain('"state"')
  socket.send('{"type":"close"}')
  await expect.poll(async () => (await readdir(kept)).length).toBe(0)
})

it('a folder that cannot be used is said at the start', async () => {
  await using directory = await folder({ file: '' })
  const { code, stderr } = await start([
    'serve',
    'echo',
    '--port',
    '0',
    '--resume-dir',
    join(directory.path, 'file'),
  ]).finished
  expect(code).toBe(2)
  expect(stderr).toContain('--resume-dir')
})
