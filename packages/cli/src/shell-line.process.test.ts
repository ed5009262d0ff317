import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { shellLine } from './shell-line.ts'

describe('shellLine', () => {
  it('is read by a shell as the words that were given', () => {
    const words = [
      'runs/first',
      'my run',
      '',
      `it's "quoted"`,
      '$(touch x)',
      '`id`',
      '*.ts',
      '~/a',
      'a;b&&c|d>e',
      'http://127.0.0.1:8000/?a=1&b=2',
      '#a',
      'é',
      'back\\slash',
    ]
    const line = shellLine('printf', '%s\\n', ...words)
    expect(execFileSync('sh', ['-c', line], { encoding: 'utf8' })).toBe(`${words.join('\n')}\n`)
  })

  it('leaves plain words as they are', () => {
    expect(
      shellLine('npx', 'openenv', 'replay', 'runs/2026-01-01T12-00-00Z-guess-random', '--env', './guess.ts'),
    ).toBe('npx openenv replay runs/2026-01-01T12-00-00Z-guess-random --env ./guess.ts')
  })

  it('keeps what acts on a terminal from reaching it', () => {
    expect(shellLine('cd', 'a\u001b[31m\nb')).toBe(`cd 'a\\u001b[31m\\u000ab'`)
  })
})
