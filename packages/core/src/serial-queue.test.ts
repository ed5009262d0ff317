import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SerialQueue } from './serial-queue.ts'

it('runs calls one at a time in their order, whatever fails or is aborted', async () => {
  const kind = fc.constantFrom('works', 'fails', 'is aborted')
  await fc.assert(
    fc.asyncProperty(fc.array(kind, { maxLength: 12 }), async (kinds) => {
      const queue = new SerialQueue()
      const started: number[] = []
      let running = 0
      const calls = kinds.map((call, index) => {
        const controller = new AbortController()
        const outcome = queue
          .run(async () => {
            started.push(index)
            running += 1
            expect(running).toBe(1)
            await Promise.resolve()
            running -= 1
            if (call === 'fails') throw new Error('failed')
            return index
          }, controller.signal)
          .catch((error: unknown) => (error as Error).message)
        if (call === 'is aborted') controller.abort(new Error('aborted'))
        return outcome
      })
      const outcomes = await Promise.all(calls)
      // Only the first one runs at once; all others wait, and so can still be taken back.
      const ran = kinds.flatMap((call, index) => (call === 'is aborted' && index > 0 ? [] : [index]))
      expect(started).toEqual(ran)
      for (const [index, call] of kinds.entries()) {
        const expected = call === 'fails' ? 'failed' : ran.includes(index) ? index : 'aborted'
        expect(outcomes[index]).toBe(expected)
      }
    }),
  )
})

it('rejects what waits, and goes on afterwards', async () => {
  const queue = new SerialQueue()
  let release: () => void = () => undefined
  const first = queue.run(() => new Promise<void>((resolve) => (release = resolve)), undefined)
  const second = queue.run(() => Promise.resolve('second'), undefined)
  const idle = queue.rejectWaiting(new Error('no more'))
  await expect(second).rejects.toThrow('no more')
  release()
  await first
  await idle
  expect(await queue.run(() => Promise.resolve('third'), undefined)).toBe('third')
})

it('takes nobody else out of the queue where a call that was rejected is aborted later', async () => {
  const queue = new SerialQueue()
  let release: () => void = () => undefined
  const first = queue.run(() => new Promise<void>((resolve) => (release = resolve)))
  const controller = new AbortController()
  const rejected = queue.run(() => 'rejected', controller.signal)
  void queue.rejectWaiting(new Error('no more'))
  await expect(rejected).rejects.toThrow('no more')
  const waiting = queue.run(() => 'waiting')
  controller.abort()
  release()
  await first
  expect(await waiting).toBe('waiting')
})

it('keeps calls waiting for one that was at work already, and says so', async () => {
  const queue = new SerialQueue()
  let release: () => void = () => undefined
  const held = queue.hold(new Promise<void>((resolve) => (release = resolve)))
  expect(queue.busy).toBe(true)
  const order: string[] = []
  const next = queue.run(() => order.push('next'))
  await Promise.resolve()
  order.push('released')
  release()
  await Promise.all([held, next])
  expect(order).toEqual(['released', 'next'])
  await Promise.resolve()
  expect(queue.busy).toBe(false)
})
