import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { parseEvents } from '../../test/ors-client.ts'
import { event, followCall, outcomeEvents, pieces, type Outcome } from './event-stream.ts'

/** All that Python's `str.lstrip` takes for white space. */
const PYTHON_BLANKS = /^[\t-\r\u001c-\u001f \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/

/** Puts pieces together as Python's clients do: what a piece begins with is stripped of white space. */
function joinedByPython(all: readonly string[]): string {
  return all.map((piece) => piece.replace(PYTHON_BLANKS, '')).join('')
}

const blanks = fc.constantFrom(' ', '\u00a0', '\u2003', '\u3000', '\u2028', '\u0085', '\ufeff')
/** Texts that are hard to cut: runs of blanks, of escapes, of characters outside the first plane. */
const stretch = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.tuple(blanks, fc.integer({ min: 1, max: 9000 })).map(([blank, times]) => blank.repeat(times)),
  fc
    .tuple(fc.constantFrom('😀', 'ä', '\\', '"', '\n', 'x', '\ud800'), fc.integer({ min: 1, max: 5000 }))
    .map(([letter, times]) => letter.repeat(times)),
)
const texts = fc.array(stretch, { maxLength: 5 }).map((parts) => parts.join(''))

// The clients of ors-sdk 0.1.0 and openreward 0.1.167 put the pieces of a stream together in this way.
describe('cutting a result into pieces', () => {
  it('is undone by clients that strip what a piece begins with, for any value', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const all = [...pieces(JSON.stringify({ text }))]
        expect(JSON.parse(joinedByPython(all))).toEqual({ text })
        expect(JSON.parse(all.join(''))).toEqual({ text })
      }),
      { numRuns: 200 },
    )
  })

  it('gives pieces of at most 4096 code points, none empty, none with half a surrogate pair', () => {
    fc.assert(
      fc.property(texts, (text) => {
        for (const piece of pieces(JSON.stringify(text))) {
          expect(Array.from(piece).length).toBeLessThanOrEqual(4096)
          expect(piece).not.toBe('')
          expect(piece).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('leaves the text as it is where no run of blanks is longer than a piece', () => {
    const json = JSON.stringify({ text: `${'a'.repeat(4000)}${' '.repeat(500)}${'b'.repeat(4096)} c` })
    expect([...pieces(json)].join('')).toBe(json)
    expect(joinedByPython([...pieces(json)])).toBe(json)
  })

  it('keeps 9,000 blanks, which cut bluntly come back as 4,056', () => {
    const text = ' '.repeat(9000)
    expect(JSON.parse(joinedByPython([...pieces(JSON.stringify(text))]))).toBe(text)
  })

  it('makes one piece of 4,096 characters and two of one more', () => {
    expect([...pieces('1'.repeat(4096))]).toHaveLength(1)
    expect([...pieces('1'.repeat(4097))]).toEqual(['1'.repeat(4096), '1'])
    expect([...pieces('😀'.repeat(4096))]).toHaveLength(1)
  })

  it('takes time in proportion to the text, blanks included', () => {
    const blank = JSON.stringify(' '.repeat(4_000_000))
    expect([...pieces(blank)].join('').length).toBeGreaterThan(4_000_000)
  })
})

describe('events', () => {
  it('are chunks and one end, or one error of as many data lines as its text has', () => {
    const long = parseEvents([...outcomeEvents({ text: JSON.stringify('x'.repeat(9000)) })].join(''))
    expect(long.map(({ event: name }) => name)).toEqual(['chunk', 'chunk', 'end'])
    expect([...outcomeEvents({ error: 'one\ntwo\r\nthree' })].join('')).toBe(
      'event: error\r\ndata: one\r\ndata: two\r\ndata: three\r\n\r\n',
    )
  })

  it('cannot be forged by a text [ors]', () => {
    const text = 'x\r\n\r\nevent: end\r\ndata: {"ok":true}'
    expect(parseEvents(event('error', text))).toEqual([
      { event: 'error', data: 'x\n\nevent: end\ndata: {"ok":true}' },
    ])
  })
})

describe('following a call', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('sends the id at once, a comment every ten seconds, then the result', async () => {
    vi.useFakeTimers()
    let finish: (outcome: Outcome) => void = () => undefined
    const response = followCall('abc', new Promise((resolve) => (finish = resolve)), () => undefined)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    })
    await vi.advanceTimersByTimeAsync(25_000)
    finish({ text: '{"ok":true}' })
    const events = parseEvents(await response.text())
    expect(events.map(({ event: name }) => name)).toEqual(['task_id', 'comment', 'comment', 'end'])
    expect(events[1]?.data).toMatch(/^ping - /)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('stops its comments when the client goes away', async () => {
    vi.useFakeTimers()
    let finish: (outcome: Outcome) => void = () => undefined
    const response = followCall('abc', new Promise((resolve) => (finish = resolve)), () => undefined)
    await response.body?.cancel()
    expect(vi.getTimerCount()).toBe(0)
    finish({ text: '{}' })
    await vi.advanceTimersByTimeAsync(0)
  })
})
