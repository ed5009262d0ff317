import { Command, Option } from 'commander'
import { integer } from '../options.ts'
import type { Exit } from '../program.ts'

/** The options of `serve`, as commander hands them over. */
export interface ServeFlags {
  readonly port?: number
  readonly host: string
  readonly basePath: string
  readonly mode?: 'simulation' | 'production'
  readonly routes: 'full' | 'minimal'
  readonly maxSessions?: number
}

/** `openenv serve`: an environment on the OpenEnv wire. */
export function serveCommand(exit: Exit): Command {
  return new Command('serve')
    .description('Serve an environment over HTTP and WebSocket, for Python and TypeScript clients.')
    .usage('ENV [options]')
    .argument('<ENV>', 'A built-in environment, a package, or a file.')
    .optionsGroup('Where:')
    .addOption(
      new Option(
        '--port <N>',
        'TCP port; 0 takes any free one (default: 8000, and 7860 with --routes minimal)',
      ).argParser(integer(0, 65_535)),
    )
    .option('--host <ADDRESS>', 'Address to listen on.', '127.0.0.1')
    .option('--base-path <PATH>', 'Prefix of every route.', '/')
    .optionsGroup('What:')
    .addOption(
      new Option(
        '--mode <MODE>',
        'production leaves out what only a trainer may do: reset, step, state (default: OPENENV_MODE, else simulation)',
      ).choices(['simulation', 'production']),
    )
    .addOption(
      new Option('--routes <ROUTES>', 'minimal is POST /reset, /step and /state, and nothing else.')
        .choices(['full', 'minimal'])
        .default('full'),
    )
    .addOption(
      new Option(
        '--max-sessions <N>',
        'Sessions open at a time (default: 16384, and 1 for an environment that is not concurrent)',
      ).argParser(integer(1)),
    )
    .optionsGroup('Options:')
    .addHelpText(
      'after',
      '\nExamples:\n  $ openenv serve ./guess.ts --port 0\n  $ openenv serve email-triage --routes minimal --host 0.0.0.0',
    )
    .action(async (name: string, flags: ServeFlags) => {
      const { serveEnvironment } = await import('../serving.ts')
      exit(await serveEnvironment(name, flags))
    })
}
