import type { Command, Option } from 'commander'
import { describe, expect, it, vi } from 'vitest'
import { run } from './index.ts'
import { repeated } from './options.ts'
import { createProgram } from './program.ts'

/** Every option of every command that takes a value, and one command line that gives it twice. */
const OPTIONS = createProgram(() => undefined)
  .commands.flatMap((command: Command) => command.options.map((option) => ({ command, option })))
  .filter(({ option }) => option.required || option.optional)
  .map(({ command, option }) => ({
    option,
    flag: option.long ?? '',
    words: [command.name(), ...twice(option)],
  }))

function twice(option: Option): string[] {
  const value = [...(option.argChoices ?? []), '1', '2000', 'a'].find((each) => isTaken(option, each)) ?? ''
  return [`${option.long ?? ''}=${value}`, `${option.long ?? ''}=${value}`]
}

function isTaken({ parseArg }: Option, value: string): boolean {
  try {
    parseArg?.(value, undefined)
    return true
  } catch {
    return false
  }
}

describe('an option that takes one value', () => {
  it.each(OPTIONS.filter(({ option }) => option.parseArg !== repeated))(
    '$flag is a mistake when it is given twice: $words',
    async ({ flag, words }) => {
      const written: string[] = []
      vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0)
      const code = await run([...words])
      vi.restoreAllMocks()
      expect(written.join('')).toMatch(/takes one value, and it is given twice/)
      expect(written.join('')).toContain(flag)
      expect(code).toBe(2)
    },
  )

  it('is most of them, and what gathers values is not among them', () => {
    expect(OPTIONS.length).toBeGreaterThan(30)
    expect(
      OPTIONS.filter(({ option }) => option.parseArg === repeated)
        .map(({ flag }) => flag)
        .sort(),
    ).toEqual(expect.arrayContaining(['--allowed-host', '--importer', '--task']))
  })
})
