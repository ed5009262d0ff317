import { isOpenEnvError } from '@openenv-ts/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readFrame, writeFrame } from './frame.ts'
import { readReply } from './reply.ts'

const OUTSIDE_JSON = fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true })

function fails(read: () => unknown, code: string): void {
  try {
    read()
  } catch (error) {
    const found = isOpenEnvError(error) ? error : undefined
    // A number that cannot be read is the server's fault, and named; anything else is no message.
    expect(found?.code).toBe(
      (found?.issues.length ?? 0) > 0 && code !== 'VALIDATION_ERROR' ? 'EXECUTION_ERROR' : code,
    )
  }
}

it('reads any text, bytes or value, or throws CONNECTION_ERROR, or names the number that it cannot hold', () => {
  const payload = fc.oneof(
    fc.string(),
    fc.json(),
    fc.uint8Array().map((bytes) => bytes.slice().buffer),
    fc.anything(),
  )
  fc.assert(
    fc.property(payload, (any) => {
      fails(() => readFrame(any), 'CONNECTION_ERROR')
    }),
  )
})

it('makes a reply of any data, or throws CONNECTION_ERROR', () => {
  const data = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        observation: fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue()),
        reward: fc.jsonValue(),
        done: fc.jsonValue(),
        metadata: fc.jsonValue(),
        info: fc.jsonValue(),
        truncated: fc.jsonValue(),
      },
      { requiredKeys: [] },
    ),
  )
  fc.assert(
    fc.property(data, (any) => {
      fails(() => {
        const { reward, done, status, info } = readReply({ type: 'observation', data: any, text: '' })
        expect(reward === null || Number.isFinite(reward)).toBe(true)
        expect(done).toBe(status !== 'running')
        for (const fact of Object.values(info)) expect(['string', 'number', 'boolean']).toContain(typeof fact)
      }, 'CONNECTION_ERROR')
    }),
  )
})

it('writes JSON as it is, and lone surrogates escaped', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (data) => {
      fc.pre(!/(?<![\d.])\d{16}/.test(JSON.stringify(data)))
      expect(readFrame(writeFrame('step', data)).data).toEqual(JSON.parse(JSON.stringify(data)))
    }),
  )
  expect(writeFrame('step', { text: '\ud800' })).toContain('\\ud800')
})

it('writes any value, or throws VALIDATION_ERROR', () => {
  fc.assert(
    fc.property(OUTSIDE_JSON, (value) => {
      fails(() => readFrame(writeFrame('step', value)), 'VALIDATION_ERROR')
    }),
  )
})

it('names a number of the server that JavaScript would round, and its place [OE-24]', () => {
  for (const [literal, code] of [
    ['1234567890123456789', 'EXECUTION_ERROR'],
    ['1e400', 'EXECUTION_ERROR'],
    ['NaN', 'EXECUTION_ERROR'],
  ] as const) {
    const read = (): unknown => readFrame(`{"type":"observation","data":{"observation":{"id":${literal}}}}`)
    expect(read).toThrow(literal)
    expect(read).toThrow('data.observation.id')
    fails(read, code)
  }
})
