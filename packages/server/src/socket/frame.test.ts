import type { Reply, Status } from '@openenv-ts/core'
import { replyToWire } from '@openenv-ts/core/wire'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { frame, replyFrame } from './frame.ts'

const key = fc.string({ unit: 'binary' }).filter((name) => name !== 'metadata')
const replies: fc.Arbitrary<Reply<unknown>> = fc
  .record({
    observation: fc.dictionary(key, fc.jsonValue()),
    reward: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
    status: fc.constantFrom<Status>('running', 'terminated', 'truncated'),
    info: fc.dictionary(
      fc.string(),
      fc.oneof(fc.string(), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true })),
    ),
  })
  .map((reply) => ({ ...reply, done: reply.status !== 'running' }))

describe('replyFrame', () => {
  it('is, byte for byte, the text of what the wire says of a reply', () => {
    fc.assert(
      fc.property(replies, (reply) => {
        expect(replyFrame(reply)).toBe(frame('observation', replyToWire(reply)))
      }),
    )
  })
})
