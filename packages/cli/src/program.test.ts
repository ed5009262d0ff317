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

const COMMANDS = ['openenv', ...createProgram(() => undefined).commands.map((command) => command.name())]

/** What a command says with --help on a terminal of so many columns. */
function helpOf(name: string, columns: number): readonly string[] {
  const program = createProgram(() => undefined)
  const command = [program, ...program.commands].find((each) => each.name() === name) ?? program
  let text = ''
  command.configureOutput({ getOutHelpWidth: () => columns, writeOut: (written) => (text += written) })
  command.outputHelp()
  return text.trimEnd().split('\n')
}

describe.each(COMMANDS)('the help of %s', (name) => {
  it.each([60, 80, 120])('fits a terminal of %i columns, its command lines aside', (columns) => {
    const lines = helpOf(name, columns).filter((line) => !/^(?:Usage: |  \$ )/.test(line))
    expect(lines.filter((line) => line.length > columns)).toEqual([])
    expect(lines.length).toBeGreaterThan(5)
  })

  it('breaks no line between a number and its unit, or inside a command', () => {
    for (const columns of [60, 80, 120]) {
      const lines = helpOf(name, columns)
      expect(lines.filter((line) => /^\s*%/.test(line))).toEqual([])
      expect(lines.join('\n')).toMatch(/Examples?:(?:\n {2}\$ npx openenv \S.*)+$/)
    }
  })
})

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
