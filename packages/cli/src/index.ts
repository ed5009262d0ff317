import { CommanderError } from 'commander'
import { didYouMean } from './did-you-mean.ts'
import { EXIT, exitCodeOf, Interrupted, oneLine, UsageError } from './failure.ts'
import { createProgram } from './program.ts'
import { note } from './terminal.ts'

/**
 * Runs the `openenv` command in this process; it writes to this process's stdout and stderr.
 *
 * @param args - What stands behind the command's name.
 * @returns The exit code; nothing is thrown.
 */
export async function run(args: readonly string[]): Promise<number> {
  let code: number = EXIT.ok
  const program = createProgram((exit) => {
    code = exit
  })
  if (args.length === 0) {
    program.outputHelp()
    return EXIT.ok
  }
  const words = helpLast(args)
  try {
    checkCommand(
      words[0],
      program.commands.map((command) => command.name()),
    )
    await program.parseAsync(words, { from: 'user' })
    return code
  } catch (thrown) {
    // Commander has already said what was wrong with the arguments.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage
    if (!(thrown instanceof Interrupted)) note(`error: ${oneLine(thrown)}`)
    if (process.env['OPENENV_DEBUG'] !== undefined && thrown instanceof Error) note(thrown.stack ?? '')
    return exitCodeOf(thrown)
  }
}

/** `help eval` as `eval --help`, so that a name that does not exist is a mistake there too. */
function helpLast(args: readonly string[]): readonly string[] {
  const [first, command] = args
  return first === 'help' && command !== undefined && !command.startsWith('-') ? [command, '--help'] : args
}

/** Commander would answer `evla --help` with the help of everything. */
function checkCommand(word: string | undefined, known: readonly string[]): void {
  if (word === undefined || word.startsWith('-') || word === 'help' || known.includes(word)) return
  throw new UsageError(`There is no command "${word}".${didYouMean(word, known)} See: openenv --help`)
}
