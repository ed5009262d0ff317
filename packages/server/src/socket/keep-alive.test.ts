import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { KeepAlive, type Pinged } from './keep-alive.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A connection that does what a test says, once a second. */
class FakeConnection implements Pinged {
  bytesRead = 0
  excusedUntil = 0
  pings = 0
  cutAt: number | null = null

  ping(): void {
    this.pings += 1
  }

  cut(): void {
    this.cutAt = performance.now()
  }
}

const SECOND = 1000
const USUAL = { pingMs: 20 * SECOND, timeoutMs: 20 * SECOND, frameMs: 60 * SECOND }

/** Runs for `seconds` and answers after how many of them the connection was cut; null for never. */
function run(
  connection: FakeConnection,
  seconds: number,
  each: (second: number, keepAlive: KeepAlive<FakeConnection>) => void,
  patience = USUAL,
): number | null {
  const startedAt = performance.now()
  const keepAlive = new KeepAlive<FakeConnection>(patience)
  keepAlive.watch(connection)
  for (let second = 1; second <= seconds; second += 1) {
    vi.advanceTimersByTime(SECOND)
    each(second, keepAlive)
  }
  keepAlive.stop()
  return connection.cutAt === null ? null : Math.round((connection.cutAt - startedAt) / SECOND)
}

describe('a connection', () => {
  it.each([
    { life: 'a message every 5 s and no pong', every: 5 },
    { life: 'a message every 19 s and no pong', every: 19 },
  ])('that brings $life is never cut', ({ every }) => {
    const cut = run(new FakeConnection(), 600, (second, keepAlive) => {
      if (second % every === 0) keepAlive.heard(keepAlive.connections[0] ?? new FakeConnection())
    })
    expect(cut).toBeNull()
  })

  it('that brings nothing is cut when its first ping has had the time allowed', () => {
    expect(run(new FakeConnection(), 600, () => undefined)).toBe(40)
  })

  it.each([
    { pingMs: 20, timeoutMs: 90, silent: 60, cut: null },
    { pingMs: 20, timeoutMs: 90, silent: 600, cut: 110 },
    { pingMs: 60, timeoutMs: 10, silent: 600, cut: 70 },
    { pingMs: 20, timeoutMs: 20, silent: 60, cut: 40 },
    { pingMs: 0, timeoutMs: 20, silent: 6000, cut: null },
  ])(
    'silent for $silent s under pings every $pingMs s with $timeoutMs s to answer is cut at $cut',
    (given) => {
      const patience = { ...USUAL, pingMs: given.pingMs * SECOND, timeoutMs: given.timeoutMs * SECOND }
      const cut = run(
        new FakeConnection(),
        given.silent + 1,
        (second, keepAlive) => {
          if (second < given.silent) return
          for (const connection of keepAlive.connections) keepAlive.heard(connection)
        },
        patience,
      )
      expect(cut).toBe(given.cut)
    },
  )

  it('whose frame comes in slowly is alive, for as long as one frame may take', () => {
    const connection = new FakeConnection()
    const cut = run(connection, 600, () => {
      if (connection.cutAt === null) connection.bytesRead += 1
    })
    expect(cut).toBeGreaterThanOrEqual(60)
    expect(cut).toBeLessThanOrEqual(120)
  })

  it('that is excused is pinged and kept, and has the whole time again afterwards', () => {
    const connection = new FakeConnection()
    connection.excusedUntil = Infinity
    const cut = run(connection, 600, (second) => {
      if (second === 300) connection.excusedUntil = performance.now()
    })
    expect(connection.pings).toBeGreaterThan(10)
    expect(cut).toBeGreaterThanOrEqual(320)
    expect(cut).toBeLessThanOrEqual(340)
  })

  it('that was excused until just before it would be cut has the whole time from then on', () => {
    const connection = new FakeConnection()
    const cut = run(connection, 600, (second) => {
      if (second === 21) connection.excusedUntil = Infinity
      if (second === 39) connection.excusedUntil = performance.now()
    })
    expect(cut).toBe(60)
  })

  it('whose pong has come but is not read yet, because the server was busy, is not cut', () => {
    const connection = new FakeConnection()
    let brought = (): void => undefined
    connection.ping = () => {
      setTimeout(() => setImmediate(brought), USUAL.timeoutMs)
    }
    const cut = run(connection, 600, (_, keepAlive) => {
      brought = () => {
        keepAlive.heard(connection)
      }
    })
    expect(cut).toBeNull()
  })

  it('that left is not touched again', () => {
    const connection = new FakeConnection()
    run(connection, 600, (second, keepAlive) => {
      if (second === 25) keepAlive.forget(connection)
    })
    expect([connection.pings, connection.cutAt]).toEqual([1, null])
  })
})
