import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameQueue } from './frame-queue.ts'

const NONE = new Uint8Array()

describe('a queue of frames', () => {
  it('gives them back as they came, in their order, whatever their lengths, and counts them', () => {
    const frame = fc.record({
      length: fc.oneof(fc.nat(4), fc.integer({ min: 1000, max: 1050 }), fc.constant(9000)),
      binary: fc.boolean(),
      tag: fc.option(fc.nat(), { freq: 10 }),
    })
    // A null takes one out.
    fc.assert(
      fc.property(fc.array(fc.option(frame, { freq: 3 }), { maxLength: 80 }), (steps) => {
        const queue = new FrameQueue<number>()
        const expected: { bytes: Buffer; binary: boolean; tag: number | null }[] = []
        for (const [at, step] of steps.entries()) {
          if (step === null) {
            const [got, next] = [queue.shift(), expected.shift()]
            expect([got?.binary, got?.tag]).toEqual([next?.binary, next?.tag])
            expect(Buffer.compare(got?.bytes ?? NONE, next?.bytes ?? NONE)).toBe(0)
          } else {
            const { length, binary, tag } = step
            const bytes = Buffer.alloc(length, at)
            queue.push({ bytes, binary, tag })
            expected.push({ bytes, binary, tag })
          }
          expect([queue.length, queue.bytes]).toEqual([
            expected.length,
            expected.reduce((sum, { bytes }) => sum + bytes.length, 0),
          ])
        }
      }),
      { numRuns: 50 },
    )
  })

  it('keeps no view of the memory that short frames came in, and is empty once cleared', () => {
    const queue = new FrameQueue<never>()
    const piece = Buffer.alloc(64 * 1024)
    for (let count = 0; count < 10_000; count += 1)
      queue.push({ bytes: piece.subarray(count, count + 2), binary: false, tag: null })
    const views = new Set<ArrayBufferLike>()
    for (let count = 0; count < 5000; count += 1) views.add(queue.shift()?.bytes.buffer ?? piece.buffer)
    // The first few as they are, the others in blocks of 8 KiB.
    expect(views.size).toBeLessThan(6)
    queue.clear()
    expect(queue).toMatchObject({ length: 0, bytes: 0 })
    expect(queue.shift()).toBeUndefined()
  })
})
