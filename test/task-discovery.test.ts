import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { connect, countTasks, listSplits, listTasks } from '@openenv-ts/client'
import { definePureEnvironment, taskList } from '@openenv-ts/core'
import { serve } from '@openenv-ts/server/node'
import emailTriage from '@openenv-ts/email-triage'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { errorFrame, scriptedServer } from '../packages/client/test/scripted-server.ts'
import { inspect } from '@openenv-ts/server/testing'

// The client asks for tasks over the control channel, and over the routes where a server has no such messages [OE-22].

const vast = definePureEnvironment({
  name: 'vast',
  description: 'Has many tasks.',
  action: z.strictObject({}),
  observation: z.strictObject({ at: z.string() }),
  state: z.strictObject({ at: z.string() }),
  tasks: taskList({ train: Array.from({ length: 12_001 }, (_, at) => ({ id: `t${String(at)}` })) }),
  initial: ({ task }) => ({ at: task?.data.id ?? '' }),
  transition: (state) => state,
  observe: (state) => state,
  reward: {},
  status: () => 'running',
})

describe('our server', () => {
  it('is asked over the control channel, with the token, and without a slot', async () => {
    await using server = await serve(emailTriage, {
      port: 0,
      maxSessions: 1,
      tokens: { control: 'c'.repeat(20) },
    })
    const token = 'c'.repeat(20)
    await using holder = await connect(server.url, { token })
    await holder.reset()
    // Were they asked over HTTP, these answers would fail: no route of it is left.
    const fetched: string[] = []
    const { fetch } = globalThis
    globalThis.fetch = (input, init) => {
      fetched.push(JSON.stringify(input))
      return fetch(input, init)
    }
    try {
      const splits = await listSplits(server.url, { token })
      const [first] = splits
      expect(splits.map(({ name }) => name)).toContain('canonical')
      const tasks = await listTasks(server.url, { token })
      expect(tasks).toHaveLength(await countTasks(server.url, { token }))
      expect(tasks.every(({ split }) => split === first?.name)).toBe(true)
      expect(await listTasks(server.url, { token, start: 1, stop: 2 })).toEqual(tasks.slice(1, 2))
      await expect(listTasks(server.url, { token, split: 'no' })).rejects.toMatchObject({
        code: 'VALIDATION_ERROR',
      })
      await expect(listTasks(server.url)).rejects.toMatchObject({ code: 'CONNECTION_ERROR' })
    } finally {
      globalThis.fetch = fetch
    }
    // Only the question without a token was tried over HTTP too, where it was refused as well.
    expect(fetched).toHaveLength(1)
    expect(inspect(server).sessions.size).toBe(1)
  })

  it('lists thousands by pages', async () => {
    await using server = await serve(vast, { port: 0 })
    const all = await listTasks(server.url)
    expect(all.map(({ id }) => id)).toEqual(Array.from({ length: 12_001 }, (_, at) => `t${String(at)}`))
    expect((await listTasks(server.url, { start: 4_999, stop: 10_001 })).length).toBe(5_002)
  })
})

interface Recorded {
  readonly exchanges: readonly {
    readonly name: string
    readonly path?: string
    readonly status?: number
    readonly answer?: unknown
    readonly received?: readonly { readonly frame: unknown }[]
  }[]
}

function recorded(file: string): Recorded {
  return JSON.parse(
    readFileSync(new URL(`fixtures/openenv-0.10.0/${file}.json`, import.meta.url), 'utf8'),
  ) as Recorded
}

describe('Python’s server', () => {
  const unknownType = recorded('socket').exchanges.find(({ name }) => name === 'an unknown type')
    ?.received?.[0]
  const names = recorded('http').exchanges.find(({ path }) => path === '/list_environments')
  const noSplits = recorded('http').exchanges.find(
    ({ name }) => name === 'splits of an environment without tasks',
  )

  it('is asked over its routes when it says that it does not know the message', async () => {
    expect(unknownType?.frame).toMatchObject({ data: { code: 'UNKNOWN_TYPE' } })
    await using server = await scriptedServer({
      answer: () => unknownType?.frame,
      http: (path) => {
        if (path === '/list_environments') return ['maze']
        if (path === '/maze/splits') return [{ name: 'train', type: 'train' }]
        return path === '/maze/num_tasks'
          ? { num_tasks: 1 }
          : { tasks: [{ question: '2+2' }], env_name: 'maze' }
      },
    })
    expect(await listSplits(server.url)).toEqual([{ name: 'train', type: 'train' }])
    expect(await countTasks(server.url)).toBe(1)
    expect(await listTasks(server.url)).toEqual([
      { id: 'train/0', split: 'train', index: 0, question: '2+2' },
    ])
    expect(server.connections[0]?.received).toMatchObject([{ type: 'list_splits' }, { type: 'close' }])
    // The channel is left as it should be: the Python server makes an environment for it.
    await expect.poll(() => server.connections.every(({ socket }) => socket.readyState === 3)).toBe(true)
  })

  it('without tasks is NOT_SUPPORTED, as recorded', async () => {
    expect([names?.status, noSplits?.status]).toEqual([200, 501])
    await using server = await scriptedServer({
      answer: () => unknownType?.frame,
      http: (path) => recorded('http').exchanges.find((exchange) => exchange.path === path)?.answer,
    })
    await expect(listSplits(server.url)).rejects.toThrow()
  })

  it.each([
    ['CAPACITY_REACHED', 'Server at capacity: 1/1 sessions active. Cannot accept new connections.'],
    ['FACTORY_ERROR', 'Environment factory failed to create instance.'],
    ['SESSION_ERROR', 'Gone.'],
    ['EXECUTION_ERROR', 'list_splits is not supported for this environment.'],
  ])('is asked over its routes when the channel says %s', async (code, message) => {
    await using server = await scriptedServer({
      connected: ({ send, socket }) => {
        if (code === 'EXECUTION_ERROR') return
        send(errorFrame(code, message))
        socket.close(1000)
      },
      answer: () => errorFrame(code, message),
      http: (path) => (path === '/list_environments' ? ['maze'] : [{ name: 'train', type: 'train' }]),
    })
    expect(await listSplits(server.url)).toEqual([{ name: 'train', type: 'train' }])
  })
})

describe('a server that has no channel', () => {
  it.each(['refuses the handshake', 'swallows it', 'answers nothing'])(
    'and %s is asked over HTTP, in time',
    async (how) => {
      const swallowed = createServer((request, response) => {
        const answers: Record<string, unknown> = { '/list_environments': ['m'], '/m/splits': ['train'] }
        response.end(JSON.stringify(answers[request.url ?? '']))
      })
      const stuck: Duplex[] = []
      if (how === 'swallows it') swallowed.on('upgrade', (_request, stream) => stuck.push(stream))
      await using mute = await scriptedServer({
        answer: () => undefined,
        http: (path) => (path === '/list_environments' ? ['m'] : ['train']),
      })
      await new Promise<void>((resolve) => swallowed.listen(0, '127.0.0.1', resolve))
      const { port } = swallowed.address() as { port: number }
      const url = how === 'answers nothing' ? mute.url : `http://127.0.0.1:${String(port)}`
      try {
        expect(await listSplits(url, { timeoutMs: 500 })).toEqual([{ name: 'train', type: 'train' }])
      } finally {
        for (const stream of stuck) stream.destroy()
        swallowed.closeAllConnections()
        await new Promise((resolve) => swallowed.close(resolve))
      }
    },
  )

  it('ends at once when it is aborted', async () => {
    await using server = await scriptedServer({ answer: () => undefined })
    const abort = new AbortController()
    const call = listSplits(server.url, { signal: abort.signal })
    setTimeout(() => {
      abort.abort(new Error('enough'))
    }, 50)
    await expect(call).rejects.toThrow('enough')
  })
})
