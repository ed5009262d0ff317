import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { counterEnvironment, heldEnvironment } from '../../test/environments.ts'
import { SocketClient } from '../../test/socket-client.ts'
import { resumeDirectory } from '../node/index.ts'
import { serve } from '../node/serve.ts'
import type { LogEvent } from '../log-event.ts'
import type { ResumeStore } from './resume-store.ts'
import { inspect } from '../inspect.ts'

const counter = counterEnvironment()

/** A store that outlives servers, and can be broken. */
function memory(): ResumeStore & { readonly texts: Map<string, string>; broken: boolean } {
  const texts = new Map<string, string>()
  return {
    texts,
    broken: false,
    put(key, text) {
      if (this.broken) return Promise.reject(new Error('disk full'))
      texts.set(key, text)
      return Promise.resolve()
    },
    move: (from, to) => {
      const text = texts.get(from)
      if (text !== undefined) texts.set(to, text)
      texts.delete(from)
      return Promise.resolve(texts.get(to))
    },
    delete: (key) => {
      texts.delete(key)
      return Promise.resolve()
    },
    expire: () => Promise.resolve(),
  }
}

async function keep(client: SocketClient): Promise<string> {
  const { type, data } = await client.ask('resume', {})
  expect(type).toBe('resume')
  expect(Object.keys(data)).toEqual(['token'])
  return data['token'] as string
}

describe('an episode that is kept', () => {
  it('goes on in another server at the same position, once', async () => {
    const resumeStore = memory()
    let token: string
    let last: unknown
    {
      await using server = await serve(counter, { port: 0, resumeStore })
      await using client = await SocketClient.open(server.url)
      token = await keep(client)
      await client.ask('reset', { task_id: 'from-5', episode_id: 'mine', goal: 50 })
      await client.ask('step', { add: 2 })
      last = (await client.ask('step', { add: 1 })).data
    }
    await using server = await serve(counter, { port: 0, resumeStore })
    await using client = await SocketClient.open(server.url)
    const { data } = await client.ask('resume', { token })
    expect(data).toMatchObject({ step_count: 2, reply: last })
    expect(data['token']).not.toBe(token)
    expect(await client.ask('state')).toMatchObject({ data: { episode_id: 'mine', step_count: 2, total: 8 } })
    expect(await client.ask('step', { add: 1 })).toMatchObject({ data: { observation: { total: 9 } } })
    await using thief = await SocketClient.open(server.url)
    expect(await thief.ask('resume', { token })).toMatchObject({ data: { code: 'SESSION_ERROR' } })
    // Who has tried in vain can play all the same.
    expect(await thief.ask('reset', {})).toHaveProperty('type', 'observation')
  })

  it('comes back to who asks again for the same exchange, having missed the answer', async () => {
    const resumeStore = memory()
    await using server = await serve(counter, { port: 0, resumeStore })
    const client = await SocketClient.open(server.url)
    const token = await keep(client)
    await client.ask('reset', { task_id: 'from-6' })
    client.socket.terminate()
    const next = 'n'.repeat(43)
    const answers: unknown[] = []
    for (let again = 0; again < 3; again += 1) {
      const retrying = await SocketClient.open(server.url)
      answers.push(await retrying.ask('resume', { token, next }))
      retrying.socket.terminate()
    }
    for (const answer of answers) {
      expect(answer).toMatchObject({
        type: 'resume',
        data: { token: next, reply: { observation: { total: 6 } } },
      })
    }
    await using other = await SocketClient.open(server.url)
    expect(await other.ask('resume', { token, next: 'o'.repeat(43) })).toMatchObject({
      data: { code: 'SESSION_ERROR' },
    })
    expect(resumeStore.texts.size).toBe(1)
  })

  it('is taken from a connection that is still there, which can act in it no more', async () => {
    await using server = await serve(counter, { port: 0, resumeStore: memory(), maxSessions: 1 })
    await using stale = await SocketClient.open(server.url)
    const token = await keep(stale)
    await stale.ask('reset', { task_id: 'from-0' })
    await using fresh = await SocketClient.open(server.url)
    expect(await fresh.ask('resume', { token })).toMatchObject({ data: { step_count: 0 } })
    await stale.closing
    expect(inspect(server).sessions.size).toBe(1)
    expect(await fresh.ask('step', { add: 1 })).toMatchObject({ data: { observation: { total: 1 } } })
  })

  it('can be kept in the middle, and starts over with the same token', async () => {
    const resumeStore = memory()
    await using server = await serve(counter, { port: 0, resumeStore })
    const client = await SocketClient.open(server.url)
    await client.ask('reset', { task_id: 'from-1' })
    await client.ask('step', { add: 1 })
    const token = await keep(client)
    expect(resumeStore.texts.size).toBe(1)
    expect(await keep(client)).toBe(token)
    await client.ask('reset', { task_id: 'from-9' })
    client.socket.terminate()
    await client.closing
    await using next = await SocketClient.open(server.url)
    expect(await next.ask('resume', { token })).toMatchObject({
      data: { step_count: 0, reply: { observation: { total: 9 } } },
    })
  })

  it('is stored before its answer is sent, whatever moves it', async () => {
    const resumeStore = memory()
    await using server = await serve(counter, { port: 0, resumeStore })
    await using client = await SocketClient.open(server.url)
    await keep(client)
    await client.ask('reset', { task_id: 'from-0' })
    const stored = (): number =>
      (JSON.parse([...resumeStore.texts.values()][0] ?? '{}') as { stepCount: number }).stepCount
    await client.ask('step', { add: 1 })
    expect(stored()).toBe(1)
    const params = { name: 'act', arguments: { add: 2 } }
    await client.ask('mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params })
    expect(stored()).toBe(2)
    await client.ask('step', { wrong: 1 })
    await client.ask('state')
    expect(stored()).toBe(2)
  })

  it('is forgotten when its client takes leave', async () => {
    const resumeStore = memory()
    await using server = await serve(counter, { port: 0, resumeStore })
    const client = await SocketClient.open(server.url)
    const token = await keep(client)
    await client.ask('reset', {})
    client.send('close')
    await client.closing
    await vi.waitUntil(() => resumeStore.texts.size === 0)
    await using late = await SocketClient.open(server.url)
    expect(await late.ask('resume', { token })).toMatchObject({ data: { code: 'SESSION_ERROR' } })
  })

  it('goes on where it cannot be stored, and does not come back at an older position', async () => {
    const resumeStore = memory()
    const logged: LogEvent[] = []
    await using server = await serve(counter, { port: 0, resumeStore, log: (event) => logged.push(event) })
    const client = await SocketClient.open(server.url)
    const token = await keep(client)
    await client.ask('reset', { task_id: 'from-0' })
    resumeStore.broken = true
    expect(await client.ask('step', { add: 1 })).toMatchObject({ data: { observation: { total: 1 } } })
    expect(logged).toMatchObject([{ level: 'error' }])
    resumeStore.broken = false
    client.socket.terminate()
    await using next = await SocketClient.open(server.url)
    expect(await next.ask('resume', { token })).toMatchObject({ data: { code: 'SESSION_ERROR' } })
  })

  it('waits on when the server has no slot for it', async () => {
    const resumeStore = memory()
    let token: string
    {
      await using server = await serve(counter, { port: 0, resumeStore })
      await using client = await SocketClient.open(server.url)
      token = await keep(client)
      await client.ask('reset', { task_id: 'from-4' })
    }
    await using server = await serve(counter, { port: 0, resumeStore, maxSessions: 1 })
    const holder = await SocketClient.open(server.url)
    await holder.ask('reset', {})
    await using early = await SocketClient.open(server.url)
    expect(await early.ask('resume', { token })).toMatchObject({ data: { code: 'CAPACITY_REACHED' } })
    holder.socket.terminate()
    await vi.waitUntil(() => inspect(server).sessions.size === 0)
    await using late = await SocketClient.open(server.url)
    expect(await late.ask('resume', { token })).toMatchObject({
      data: { reply: { observation: { total: 4 } } },
    })
  })

  it('is not one of another version of the environment', async () => {
    const resumeStore = memory()
    let token: string
    {
      await using server = await serve(counter, { port: 0, resumeStore })
      await using client = await SocketClient.open(server.url)
      token = await keep(client)
      await client.ask('reset', {})
    }
    await using other = await serve({ ...counter, version: '9.9.9' }, { port: 0, resumeStore })
    await using client = await SocketClient.open(other.url)
    expect(await client.ask('resume', { token })).toMatchObject({ data: { code: 'VALIDATION_ERROR' } })
    // The old version could be started again.
    expect(resumeStore.texts.size).toBe(1)
  })
})

describe('resume', () => {
  it('is not supported without a store, for an environment without snapshots, and on a joined session', async () => {
    await using without = await serve(counter, { port: 0 })
    await using a = await SocketClient.open(without.url)
    const refused = (why: string) => ({
      type: 'error',
      data: { code: 'EXECUTION_ERROR', message: expect.stringContaining(why) as string },
    })
    expect(await a.ask('resume', {})).toMatchObject(refused('--resume-dir'))
    await using held = await serve(heldEnvironment().environment, { port: 0, resumeStore: memory() })
    await using b = await SocketClient.open(held.url)
    expect(await b.ask('resume', {})).toMatchObject(refused('not supported for this environment'))
    expect(await b.ask('reset', {})).toHaveProperty('type', 'observation')
  })

  it.each([
    { token: 7 },
    { token: null },
    { token: 'x' },
    { token: '../../../etc/passwd' },
    { more: 1 },
    { next: 'x'.repeat(43) },
    { token: 'x'.repeat(43), next: 'short' },
    { token: 'x'.repeat(43), more: 1 },
  ])('refuses %j', async (data) => {
    await using server = await serve(counter, { port: 0, resumeStore: memory() })
    await using client = await SocketClient.open(server.url)
    expect(await client.ask('resume', data)).toMatchObject({ data: { code: 'VALIDATION_ERROR' } })
  })

  it('does not throw a running episode away for another', async () => {
    await using server = await serve(counter, { port: 0, resumeStore: memory() })
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', { task_id: 'from-3' })
    expect(await client.ask('resume', { token: 'x'.repeat(43) })).toMatchObject({
      data: { code: 'VALIDATION_ERROR' },
    })
    expect(await client.ask('step', { add: 1 })).toMatchObject({ data: { observation: { total: 4 } } })
  })
})

describe('a folder of kept episodes', () => {
  it('holds whole files, gives each out once, and forgets what is too old and nothing else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'openenv-resume-'))
    try {
      const store = await resumeDirectory(folder, { keepSeconds: 60 })
      const [a, b] = ['a'.repeat(64), 'b'.repeat(64)] as const
      await store.put(a, 'first')
      await store.put(a, 'second')
      await store.put(b, 'other')
      await writeFile(join(folder, 'README'), 'mine')
      expect(await readdir(folder)).toHaveLength(3)
      const places = Array.from({ length: 8 }, (_, at) => String(at).repeat(64))
      const taken = await Promise.all(places.map((to) => store.move(a, to)))
      expect(taken.filter((text) => text !== undefined)).toEqual(['second'])
      const to = places[taken.indexOf('second')] ?? ''
      expect(await store.move(a, to)).toBe('second')
      await store.delete(to)
      const old = new Date(Date.now() - 3_600_000)
      for (const name of [b, 'README']) await utimes(join(folder, name), old, old)
      await store.expire()
      expect(await readdir(folder)).toEqual(['README'])
      await store.delete(b)
      expect(await store.move(b, a)).toBeUndefined()
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('a heartbeat', () => {
  it('is answered at once while a step runs, and in its turn else', async () => {
    const held = heldEnvironment()
    await using server = await serve(held.environment, { port: 0 })
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', {})
    expect(await client.askRaw('{ "type": "heartbeat" }')).toEqual({ type: 'heartbeat', data: {} })
    client.send('step', { hold: true, tag: 'late' })
    await held.reached()
    for (let beat = 0; beat < 3; beat += 1) {
      expect(await client.askRaw('{"type":"heartbeat"}')).toEqual({ type: 'heartbeat', data: {} })
    }
    held.release()
    expect(await client.next()).toMatchObject({ data: { observation: { tag: 'late' } } })
  })

  it('takes no data', async () => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    expect(await client.ask('heartbeat', {})).toMatchObject({ data: { code: 'VALIDATION_ERROR' } })
  })
})
