import { manualClock } from '@openenv-ts/core'
import { describe, expect, it } from 'vitest'
import { counterEnvironment, heldEnvironment } from '../../test/environments.ts'
import { Sessions } from './sessions.ts'

const LONG_MS = 1_000_000

function pool() {
  const clock = manualClock()
  return { clock, sessions: new Sessions(counterEnvironment(), { clock, maxSessions: 4 }) }
}

describe('a lease', () => {
  it.each(['hold', 'attach'] as const)(
    'of %s keeps a session from being idle until it ends',
    async (take) => {
      const { clock, sessions } = pool()
      const session = sessions.open('http')
      const lease = session[take]()
      clock.advance(LONG_MS)
      await sessions.reap()
      expect([session.held, session.isOpen]).toEqual([true, true])
      lease[Symbol.dispose]()
      await sessions.reap()
      expect([session.held, session.isOpen]).toEqual([false, true])
      clock.advance(LONG_MS)
      await sessions.reap()
      expect(session.isOpen).toBe(false)
    },
  )

  it.each(['hold', 'attach'] as const)('of %s ends once, however often it is disposed of', (take) => {
    const session = pool().sessions.open('mcp')
    const other = session.hold()
    const lease = session[take]()
    lease[Symbol.dispose]()
    lease[Symbol.dispose]()
    expect(session.held).toBe(true)
    other[Symbol.dispose]()
    expect(session.held).toBe(false)
  })

  it('that attaches is one at a time; disposing of an old one does not end the next', () => {
    const session = pool().sessions.open('http')
    const first = session.attach()
    expect(() => session.attach()).toThrow('already has an attached WebSocket')
    expect(session.held).toBe(true)
    first[Symbol.dispose]()
    const second = session.attach()
    first[Symbol.dispose]()
    expect(() => session.attach()).toThrow('already has an attached WebSocket')
    second[Symbol.dispose]()
    expect(session.held).toBe(false)
  })

  it('that attaches delays a close that is asked for, and no other', async () => {
    const { sessions } = pool()
    const session = sessions.open('mcp')
    const lease = session.attach()
    expect(await session.closeOnceDetached()).toBe(false)
    expect(session.isOpen).toBe(true)
    lease[Symbol.dispose]()
    expect([session.isOpen, sessions.size]).toEqual([false, 0])
    const held = sessions.open('mcp')
    held.hold()
    expect(await held.closeOnceDetached()).toBe(true)
    expect([held.isOpen, sessions.size]).toEqual([false, 0])
  })
})

describe('a session', () => {
  it('gives its slot and its capability back once, by whatever way it is closed', async () => {
    const { sessions } = pool()
    const session = sessions.open('http', { id: 'mine', named: true, by: 'agent' })
    const capability = sessions.grant(session)
    expect([sessions.find('mine'), sessions.admitted(capability)]).toEqual([session, session])
    let told = 0
    session.playedBy({
      working: false,
      sessionClosed: () => {
        told += 1
      },
    })
    const lease = session.attach()
    await Promise.all([session.close(), session.close(), sessions.drain()])
    lease[Symbol.dispose]()
    expect([told, sessions.size, session.touch()]).toEqual([1, 0, false])
    expect([sessions.find('mine'), sessions.admitted(capability)]).toEqual([undefined, undefined])
  })

  it('is at work as its player says, and without one as its episode is', async () => {
    const held = heldEnvironment()
    const sessions = new Sessions(held.environment, {})
    const session = sessions.open('ors')
    await session.episode.reset()
    const step = session.episode.step({ hold: true })
    await held.reached()
    expect(sessions.atWork).toBe(true)
    session.playedBy({ working: false, sessionClosed: () => undefined })
    expect(sessions.atWork).toBe(false)
    held.release()
    await step
  })

  it('is named over HTTP only where its opener says so, whatever its kind', () => {
    const { sessions } = pool()
    for (const kind of ['websocket', 'http', 'mcp', 'ors'] as const) {
      const id = `${kind}-id`
      const session = sessions.open(kind, { id })
      expect(sessions.find(id)).toBeUndefined()
      void session.close()
      const named = sessions.open(kind, { id, named: true })
      expect(sessions.find(id)).toBe(named)
    }
  })
})
