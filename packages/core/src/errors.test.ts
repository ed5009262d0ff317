import { describe, expect, it } from 'vitest'
import {
  ERROR_CODES,
  isOpenEnvError,
  notReady,
  notSupported,
  OpenEnvError,
  toOpenEnvError,
} from './errors.ts'

describe('the error table', () => {
  it('has these codes with these faces: a change breaks the other side', () => {
    const rows = Object.entries(ERROR_CODES).map(([code, { http, socket, jsonRpc, retryable }]) =>
      [code, http, socket, jsonRpc, retryable ? 'retry' : 'no'].join(' '),
    )
    expect(rows).toEqual([
      'INVALID_JSON 400 INVALID_JSON -32700 no',
      'UNKNOWN_TYPE 400 UNKNOWN_TYPE -32601 no',
      'VALIDATION_ERROR 422 VALIDATION_ERROR -32602 no',
      'EXECUTION_ERROR 500 EXECUTION_ERROR -32603 no',
      'CAPACITY_REACHED 503 CAPACITY_REACHED -32000 retry',
      'FACTORY_ERROR 500 FACTORY_ERROR -32000 no',
      'SESSION_ERROR 404 SESSION_ERROR -32602 no',
      'NOT_SUPPORTED 501 EXECUTION_ERROR -32603 no',
      'TIMEOUT 504 EXECUTION_ERROR -32603 retry',
      'TOO_LARGE 413 VALIDATION_ERROR -32600 no',
      'CONNECTION_ERROR 502 SESSION_ERROR -32000 retry',
      'CANCELLED 499 EXECUTION_ERROR -32000 no',
    ])
  })

  it("shows on a socket only upstream's seven codes", () => {
    const upstream =
      'INVALID_JSON UNKNOWN_TYPE VALIDATION_ERROR EXECUTION_ERROR CAPACITY_REACHED FACTORY_ERROR SESSION_ERROR'
    const shown = new Set(Object.values(ERROR_CODES).map(({ socket }) => socket))
    expect([...shown].sort()).toEqual(upstream.split(' ').sort())
  })
})

describe('OpenEnvError', () => {
  it("has the table's HTTP status unless it says another, and nothing else by default", () => {
    const error = new OpenEnvError('SESSION_ERROR', 'No such session.')
    expect(error).toMatchObject({
      name: 'OpenEnvError',
      code: 'SESSION_ERROR',
      http: 404,
      issues: [],
      data: {},
    })
    expect('cause' in error).toBe(false)
    expect(new OpenEnvError('EXECUTION_ERROR', 'Too early.', { http: 409 }).http).toBe(409)
  })

  it('is known by its brand, also when it comes from another copy of the package', () => {
    const foreign = Object.defineProperty(new Error('x'), Symbol.for('openenv-ts.error'), { value: true })
    expect(isOpenEnvError(new OpenEnvError('TIMEOUT', 'Late.'))).toBe(true)
    expect(isOpenEnvError(foreign)).toBe(true)
    for (const other of [new Error('x'), null, undefined, 'TIMEOUT', { code: 'TIMEOUT' }]) {
      expect(isOpenEnvError(other)).toBe(false)
    }
  })

  it('keeps the words of foreign exceptions to the log: they may name paths or gold', () => {
    const cause = new Error('/srv/secret/gold.json not found')
    const error = toOpenEnvError(cause, 'step')
    expect(error).toMatchObject({
      code: 'EXECUTION_ERROR',
      message: 'The environment failed during step.',
      cause,
    })
    expect(toOpenEnvError(error, 'reset')).toBe(error)
    expect(JSON.stringify(error)).not.toContain('secret')
    expect(toOpenEnvError(undefined, 'reset').code).toBe('EXECUTION_ERROR')
  })

  it('says of calls at the wrong time what to do, with 409 [OE-5]', () => {
    for (const why of ['before reset', 'after the end'] as const) {
      expect(notReady(why)).toMatchObject({ code: 'EXECUTION_ERROR', http: 409 })
      expect(notReady(why).message).toContain('reset')
    }
    expect(notSupported('fork')).toMatchObject({ code: 'NOT_SUPPORTED', http: 501 })
  })
})
