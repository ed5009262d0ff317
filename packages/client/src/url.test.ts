import { isOpenEnvError } from '@openenv-ts/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseServerUrl } from './url.ts'

it.each([
  ['http://localhost:8000', 'http://localhost:8000', 'ws://localhost:8000/ws'],
  ['https://example.org', 'https://example.org', 'wss://example.org/ws'],
  ['ws://localhost:8000', 'http://localhost:8000', 'ws://localhost:8000/ws'],
  ['wss://example.org/', 'https://example.org', 'wss://example.org/ws'],
  ['localhost:8000', 'http://localhost:8000', 'ws://localhost:8000/ws'],
  ['127.0.0.1', 'http://127.0.0.1', 'ws://127.0.0.1/ws'],
  ['[::1]:8000', 'http://[::1]:8000', 'ws://[::1]:8000/ws'],
  ['http://h/p', 'http://h/p', 'ws://h/p/ws'],
  ['h/p/q///', 'http://h/p/q', 'ws://h/p/q/ws'],
  ['HTTP://H:80/P/', 'http://h/P', 'ws://h/P/ws'],
  ['  http://h ', 'http://h', 'ws://h/ws'],
])('reads %s', (text, http, socket) => {
  expect(parseServerUrl(text)).toEqual({ http, socket })
})

it('takes a URL object', () => {
  expect(parseServerUrl(new URL('http://h/p/')).socket).toBe('ws://h/p/ws')
})

it.each([
  ['http://h/?a=1', 'query'],
  ['http://h?', 'query'],
  ['http://h/#x', 'fragment'],
  ['ftp://h', 'scheme ftp:'],
  ['http://', 'is not a URL'],
  ['', 'is not a URL'],
  ['two words', 'is not a URL'],
  ['http://user:secret@h', 'token'],
])('refuses %s and says why', (text, fault) => {
  expect(() => parseServerUrl(text)).toThrow(fault)
})

it('never shows a password', () => {
  expect(() => parseServerUrl('http://user:secret@h')).not.toThrow('secret')
})

it('either reads a text or throws VALIDATION_ERROR', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true })), (text) => {
      try {
        expect(parseServerUrl(text).socket).toMatch(/^wss?:\/\/[^?#]+\/ws$/)
      } catch (error) {
        expect(isOpenEnvError(error) && error.code).toBe('VALIDATION_ERROR')
      }
    }),
  )
})
