import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventReader, type ServerEvent } from './events.ts'

function readAll(...portions: readonly string[]): readonly ServerEvent[] {
  const reader = new EventReader()
  return portions.flatMap((portion) => reader.push(portion))
}

describe('reading server-sent events', () => {
  it('takes LF, CR and CRLF for the end of a line', () => {
    for (const end of ['\n', '\r', '\r\n']) {
      const text = `event: a${end}data: 1${end}${end}data: 2${end}${end}x`
      expect(readAll(text)).toEqual([
        { event: 'a', data: '1' },
        { event: 'message', data: '2' },
      ])
    }
  })

  it('strips one blank after the colon and no more, for a piece may begin with some [ors]', () => {
    expect(readAll('data:   x \n\ndata:y\n\ndata\n\n')).toEqual([
      { event: 'message', data: '  x ' },
      { event: 'message', data: 'y' },
      { event: 'message', data: '' },
    ])
  })

  it('joins several lines of data, skips comments and fields that it does not know', () => {
    expect(readAll(': ping\n\nid: 1\nretry: 5\nevent: error\ndata: a\ndata: b\n\n')).toEqual([
      { event: 'error', data: 'a\nb', id: '1' },
    ])
  })

  it('gives an event with an empty line of data, and none without any', () => {
    expect(readAll('event: end\r\ndata: \r\n\r\nevent: nothing\r\n\r\n')).toEqual([
      { event: 'end', data: '' },
    ])
  })

  it('drops what is left unfinished, and a byte order mark at the start', () => {
    expect(readAll('\ufeffdata: 1\n\ndata: 2\n')).toEqual([{ event: 'message', data: '1' }])
  })

  it.each([
    ['a line without end', (size: number) => ['data: ', ...Array<string>(size).fill('x'.repeat(65_536))]],
    [
      'lines of one event without end',
      (size: number) => Array<string>(size).fill(`data: ${'x'.repeat(65_530)}\n`),
    ],
  ])('is refused at %s, which is not gathered beyond 16 million characters', (_what, portions) => {
    const reader = new EventReader()
    const feed = (): void => {
      for (const portion of portions(300)) reader.push(portion)
    }
    expect(feed).toThrow('too large an event')
    expect(() => reader.push('data: 1\n\n')).toThrow('too large an event')
  })

  it('reads the same however the stream is cut', () => {
    const text =
      ': hi\r\n\r\nevent: task_id\r\ndata: ab\r\n\r\nevent: chunk\rdata: 😀\r\revent: end\ndata:  x\n\n'
    const whole = readAll(text)
    expect(whole).toHaveLength(3)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length })), (cuts) => {
        const places = [0, ...cuts.sort((one, other) => one - other), text.length]
        const portions = places.slice(1).map((to, at) => text.slice(places[at], to))
        expect(readAll(...portions)).toEqual(whole)
      }),
    )
  })
})
