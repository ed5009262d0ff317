import { setMaxListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { CapacityQueue } from './capacity-queue.ts'

const never = new AbortController().signal
setMaxListeners(0, never)

/** Somebody who tries again as long as others of us are inside; says how often it tried without success. */
async function visit(
  queue: CapacityQueue,
  room: { free: number },
  stay: () => Promise<void>,
): Promise<'in' | 'out'> {
  for (;;) {
    const result = await queue.attempt(
      async (enter) => {
        await Promise.resolve()
        if (room.free === 0) return 'full' as const
        room.free -= 1
        enter()
        await stay()
        room.free += 1
        return 'in' as const
      },
      (came) => came === 'full',
    )
    if (result === 'in') return 'in'
    if (!(await queue.roomFreed(never))) return 'out'
  }
}

const moment = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the queue', () => {
  it.each([1, 2, 7])('lets everybody in, in the end, where there is room for %i', async (capacity) => {
    const queue = new CapacityQueue()
    const room = { free: capacity }
    const visits = await Promise.all(Array.from({ length: 20 }, () => visit(queue, room, moment)))
    expect(visits).toEqual(Array(20).fill('in'))
    expect(queue.playing).toBe(0)
  })

  it('keeps nobody waiting where others have taken all the room', async () => {
    const visits = Array.from({ length: 20 }, () => visit(new CapacityQueue(), { free: 0 }, moment))
    const shared = new CapacityQueue()
    visits.push(...Array.from({ length: 20 }, () => visit(shared, { free: 0 }, moment)))
    expect(await Promise.all(visits)).toEqual(Array(40).fill('out'))
  })

  it('keeps nobody waiting when the last one inside leaves and others take its room', async () => {
    const queue = new CapacityQueue()
    const room = { free: 1 }
    const first = visit(queue, room, async () => {
      await moment()
      // Somebody else is quicker than ours who wait.
      room.free = -1
    })
    const others = Array.from({ length: 5 }, () => visit(queue, room, moment))
    expect(await first).toBe('in')
    expect(await Promise.all(others)).toEqual(Array(5).fill('out'))
  })

  it('lets those go who wait when the signal is aborted', async () => {
    const queue = new CapacityQueue()
    const controller = new AbortController()
    let leave = (): void => undefined
    const stay = new Promise<void>((resolve) => {
      leave = resolve
    })
    const inside = queue.attempt(
      async (enter) => {
        enter()
        await stay
      },
      () => false,
    )
    const waiting = queue.roomFreed(controller.signal)
    controller.abort()
    expect(await waiting).toBe(true)
    expect(await queue.roomFreed(controller.signal)).toBe(true)
    leave()
    await inside
  })
})
