import { describe, expect, it } from 'vitest'
import { jsonLog } from './json-log.ts'

describe('the JSON log', () => {
  it('writes one object a line, with the cause and what lies below it', () => {
    const lines: string[] = []
    const cause = new Error('the database is gone', { cause: new Error('ECONNREFUSED') })
    jsonLog([], (line) => lines.push(line))({
      level: 'error',
      message: 'A call failed.',
      session: 's1',
      cause,
    })
    expect(lines).toHaveLength(1)
    expect(lines[0]).not.toContain('\n')
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'error',
      message: 'A call failed.',
      session: 's1',
      error: { name: 'Error', message: 'the database is gone', cause: { message: 'ECONNREFUSED' } },
    })
  })

  it('writes no secret, wherever it turns up', () => {
    const lines: string[] = []
    const secret = 'to"ken\\42'
    const log = jsonLog([secret], (line) => lines.push(line))
    log({ level: 'error', message: `refused ${secret}`, cause: new Error(`sent ${secret} along`) })
    expect(lines.join('')).not.toContain('ken')
    expect(lines.join('')).toContain('[redacted]')
    expect(() => JSON.parse(lines[0] ?? '') as unknown).not.toThrow()
  })
})
