import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { showProgress } from './progress.ts'
import { Output } from './terminal.ts'

/** A stream that is a terminal or not, and remembers what was written. */
function stream(isTTY: boolean, columns?: number): { readonly stream: Output; readonly text: () => string } {
  const through = new PassThrough()
  return {
    stream: new Output(Object.assign(through, { isTTY, columns }) as unknown as NodeJS.WriteStream),
    text: () => (through.read() as Buffer | null)?.toString() ?? '',
  }
}

const START = { dir: 'runs/x', done: 0, total: 40, resumed: 0, running: 0, mean: null }

describe('showProgress', () => {
  it('writes about ten plain lines where there is no terminal', () => {
    const { stream: out, text } = stream(false)
    const view = showProgress(out)
    view.update(START)
    for (let done = 1; done <= 40; done += 1) view.update({ ...START, done, mean: 0.5 })
    view.end()
    const written = text().trimEnd().split('\n')
    expect(written).toHaveLength(11)
    expect(written[0]).toBe('Playing 40 episodes')
    expect(written.at(-1)).toBe('40/40 episodes  mean 0.500')
  })

  it('says where it goes on', () => {
    const { stream: out, text } = stream(false)
    showProgress(out).update({ ...START, done: 12, resumed: 12, mean: 0.25 })
    expect(text()).toBe('Going on after 12/40 episodes\n')
  })

  it('draws one bar on a terminal, and takes it away', () => {
    const { stream: out, text } = stream(true)
    const view = showProgress(out)
    view.update({ ...START, done: 40, mean: 1 })
    expect(text()).toMatch(/^\r\x1b\[K\S*█{24}\S* 40\/40 episodes {2}mean 1\.000$/)
    view.end()
    expect(text()).toBe('\r\x1b[K')
  })

  it.each([5, 20, 40, 60, 120])('draws in one line of a terminal of %i columns', (columns) => {
    const { stream: out, text } = stream(true, columns)
    const view = showProgress(out)
    view.update({ ...START, done: 100_000, total: 100_000, mean: 0.123 })
    const drawn = text()
      .replace('\r\x1b[K', '')
      .replaceAll(/\x1b\[\d+m/g, '')
    expect(drawn.length).toBeLessThan(columns)
    expect(drawn).toContain('100000/100000 episodes'.slice(0, columns - 1))
  })

  it('gathers failures by their reason', () => {
    const { stream: out, text } = stream(false)
    const view = showProgress(out)
    view.update(START)
    const failure = {
      during: 'open',
      code: 'CONNECTION_ERROR',
      message: 'Cannot reach it.\nAt all.',
    } as const
    for (let done = 1; done <= 3; done += 1) view.update({ ...START, done, failure })
    view.end()
    expect(text()).toContain('\n3 episodes failed, error during open: Cannot reach it. At all.\n')
  })
})
