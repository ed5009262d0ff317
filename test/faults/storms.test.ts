import { expect, it } from 'vitest'
import { BenchSocket, frameOf } from '../../bench/src/socket.ts'
import { inFull } from './share.ts'
import { startVictim, type Victim } from './victims.ts'

// Very many connections, on loopback. Node raises its own limit of open files to what the system allows.

const RESET = frameOf('{"type":"reset","data":{}}')
/** Of 200 sessions each. */
const HTTP_WAVES = inFull(50, 20)
const STEP = frameOf('{"type":"step","data":{"message":"x"}}')

async function settled(victim: Victim): Promise<void> {
  await expect.poll(async () => (await victim.condition()).sessions, { timeout: 30_000 }).toBe(0)
}

it('8,192 clients that all come at once are all served, and all leave', async () => {
  await using victim = await startVictim()
  const clients = await Promise.all(
    Array.from({ length: 8192 }, async () => {
      const socket = await BenchSocket.open(victim.port, 60_000)
      expect(await socket.ask(RESET)).toContain('"observation"')
      return socket
    }),
  )
  expect((await victim.condition()).sessions).toBe(8192)
  expect(await clients[4711]?.ask(STEP)).toContain('"x"')
  for (const client of clients) client.destroy()
  await settled(victim)
})

it('10,000 sessions that are opened and dropped leave memory where it was', async () => {
  await using victim = await startVictim()
  const wave = async (): Promise<void> => {
    const clients = await Promise.all(
      Array.from({ length: 500 }, () => BenchSocket.open(victim.port, 60_000)),
    )
    await Promise.all(clients.map((client) => client.ask(RESET)))
    for (const [at, client] of clients.entries()) {
      // Half of them in the middle of a step.
      if (at % 2 === 0) client.send(STEP)
      client.destroy()
    }
    await settled(victim)
  }
  // What code, its compilation and pools of buffers take is taken by the first few.
  for (let round = 0; round < 6; round += 1) await wave()
  const before = await victim.condition()
  for (let round = 0; round < 20; round += 1) await wave()
  const after = await victim.condition()
  const grown = (key: 'heap' | 'rss'): number => (after[key] - before[key]) / 1024 / 1024
  console.log(`10,000 sessions: heap ${grown('heap').toFixed(2)} MB, resident ${grown('rss').toFixed(1)} MB`)
  expect(after.sessions).toBe(0)
  // A session that stayed would be more than a kilobyte: ten megabytes in all.
  expect(grown('heap')).toBeLessThan(1.5)
  expect(grown('rss')).toBeLessThan(24)
})

it(`${(HTTP_WAVES * 200).toLocaleString('en')} HTTP sessions that are opened and ended leave memory where it was`, async () => {
  await using victim = await startVictim()
  const wave = async (): Promise<void> => {
    const ids = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const response = await fetch(`${victim.url}/sessions`, { method: 'POST', body: '{}' })
        return ((await response.json()) as { session_id: string }).session_id
      }),
    )
    await Promise.all(
      ids.map(async (id) => {
        await (await fetch(`${victim.url}/sessions/${id}`, { method: 'DELETE' })).arrayBuffer()
      }),
    )
  }
  for (let round = 0; round < 10; round += 1) await wave()
  const before = await victim.condition()
  for (let round = 0; round < HTTP_WAVES; round += 1) await wave()
  const after = await victim.condition()
  expect(after.sessions).toBe(0)
  // A session that stayed would be more than a kilobyte.
  expect((after.heap - before.heap) / 1024 / 1024).toBeLessThan(1.5)
})
