import type { Writable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as ws from 'ws'
import { textFrame } from './text-frame.ts'

/** Not in the types of `ws`. */
const { Receiver } = ws as unknown as {
  readonly Receiver: new (options: { readonly isServer: boolean }) => Writable
}

/** What a client that is not ours reads. */
function read(frame: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const receiver = new Receiver({ isServer: false })
    receiver.on('message', (data: Buffer) => {
      resolve(data.toString())
    })
    receiver.on('error', reject)
    receiver.end(frame)
  })
}

describe('a text frame', () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000])(
    'of %i bytes is read as it was',
    async (bytes) => {
      const text = 'x'.repeat(bytes)
      expect(await read(textFrame(text))).toBe(text)
    },
  )

  it('of any text is read as it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 300 }), async (text) => {
        expect(await read(textFrame(text))).toBe(text)
      }),
    )
  })
})
