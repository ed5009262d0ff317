import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { evalCommand } from './commands/eval.ts'
import { importCommand } from './commands/import.ts'
import { infoCommand } from './commands/info.ts'
import { initCommand } from './commands/init.ts'
import { replayCommand } from './commands/replay.ts'
import { rolloutCommand } from './commands/rollout.ts'
import { serveCommand } from './commands/serve.ts'
import { tasksCommand } from './commands/tasks.ts'
import { oneLine } from './failure.ts'
import { helpSections } from './help-sections.ts'
import { repeated } from './options.ts'
import { note, print } from './terminal.ts'
import type { Exit } from './exit.ts'

const SECTIONS = helpSections({
  notes: {
    Environments: [
      'ENV is a built-in name (echo, email-triage), an installed package, the folder of one, or a file that default-exports its environment (.ts, .js or .mjs, loaded as it is). URL is an OpenEnv server, ours or the Python one.',
    ],
    'Exit codes': [
      '0 done · 1 an episode, environment or server failed · 2 wrong usage · 130 stopped with Ctrl-C',
      'OPENENV_DEBUG=1 prints the stack of a failure.',
    ],
  },
  examples: [
    'openenv serve email-triage',
    'openenv eval ./guess.ts --policy random --repeats 100',
    'openenv eval email-triage --model gpt-x --repeats 8',
    'openenv replay runs/2026-01-01T12-00-00Z-guess-random',
  ],
})

/**
 * The whole command line: names, options and help. What a command does is imported when it runs, so that help
 * and mistakes are answered at once.
 */
export function createProgram(exit: Exit): Command {
  const program = new Command('openenv')
    .description('Reinforcement-learning environments and evaluations for LLM agents.')
    .usage('COMMAND [options]')
    .version(version(), '-V, --version', 'Print the version.')
    .helpOption('-h, --help', 'Print this help.')
    .helpCommand('help [COMMAND]', 'Print the help of a command.')
    .addHelpText('after', SECTIONS)
    .commandsGroup('Play and score:')
    .addCommand(evalCommand(exit))
    .addCommand(rolloutCommand(exit))
    .addCommand(replayCommand(exit))
    .commandsGroup('Serve and look:')
    .addCommand(serveCommand(exit))
    .addCommand(tasksCommand())
    .addCommand(infoCommand())
    .commandsGroup('Make environments:')
    .addCommand(initCommand())
    .addCommand(importCommand(exit))
  for (const command of [program, ...program.commands]) command.configureHelp({ minWidthToWrap: 20 })
  for (const command of program.commands) {
    command.helpOption('-h, --help', 'Print this help.')
    if (LOADING.includes(command.name())) mayBuild(command)
  }
  for (const command of [program, ...program.commands]) {
    answerInOneLine(command)
    refuseSecondValues(command)
  }
  return program
}

/** Commands that load an environment, which may be one of Python. */
const LOADING: readonly string[] = ['eval', 'rollout', 'replay', 'serve', 'tasks', 'info']

/** Lets a user allow what runs code of others: the build of Python packages without a wheel. */
function mayBuild(command: Command): void {
  command
    .optionsGroup('Imported from Python:')
    .option('--build', 'Let packages without a wheel be built: that runs their own code on this machine.')
    .hook('preAction', () => {
      // Environments read it where they are made, in processes that this one starts too.
      if (command.opts<{ readonly build?: boolean }>().build === true) process.env['OPENENV_BUILD'] = '1'
    })
}

/** Makes a command throw on wrong usage, having said in one line what to do. */
function answerInOneLine(command: Command): void {
  const name = command.parent === null ? command.name() : `${command.parent.name()} ${command.name()}`
  command
    .exitOverride()
    .allowExcessArguments(false)
    .configureOutput({
      writeOut: (text) => {
        print(text.replace(/\n$/, ''))
      },
      writeErr: (text) => {
        note(text.replace(/\n$/, ''))
      },
      outputError: (text) => {
        const line = oneLine(text)
        note(`${line.endsWith('.') || line.endsWith(')') ? line : `${line}.`} See: ${name} --help`)
      },
    })
}

/** Makes a second value of an option a mistake, where the option takes one: no value is dropped in silence. */
function refuseSecondValues(command: Command): void {
  for (const option of command.options) {
    const takesValue = option.required || option.optional
    if (!takesValue || option.variadic || option.parseArg === repeated) continue
    let given = false
    command.on(`option:${option.name()}`, () => {
      if (given) command.error(`error: option '${option.flags}' takes one value, and it is given twice.`)
      given = true
    })
  }
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return manifest.version
}
