import { Command, Option } from 'commander'
import { LIMIT_OPTIONS } from '../limit-options.ts'
import { integer, notNegative, positive, repeated } from '../options.ts'
import type { Exit } from '../exit.ts'
import type { ServeFlags } from '../serve-flags.ts'
import { helpSections } from '../help-sections.ts'

/** `openenv serve`: an environment on the OpenEnv wire. */
export function serveCommand(exit: Exit): Command {
  const command = new Command('serve')
    .description('Serve environments over OpenEnv, MCP and ORS at once, for Python and TypeScript clients.')
    .usage('ENV... [options]')
    .argument('<ENV...>', 'A built-in environment, a package, or a file; of several, each below its name.')
    .optionsGroup('Where:')
    .addOption(
      new Option(
        '--port <N>',
        'TCP port; 0 takes any free one (default: 8000, and 7860 with --routes minimal)',
      ).argParser(integer(0, 65_535)),
    )
    .option('--host <ADDRESS>', 'Address to listen on.', '127.0.0.1')
    .option('--base-path <PATH>', 'Prefix of every route.', '/')
    .addOption(
      new Option(
        '--agent-port <N>',
        'A port of its own for agents: /mcp and the addresses handed to them',
      ).argParser(integer(0, 65_535)),
    )
    .addOption(
      new Option('--operator-port <N>', 'A port of its own for /metrics, /ready and /events').argParser(
        integer(0, 65_535),
      ),
    )
    .addOption(
      new Option(
        '--allowed-host <NAME>',
        'A name that requests may call this server by, such as a proxy’s; *.example.com for all below (repeatable)',
      ).argParser(repeated),
    )
    .addOption(
      new Option(
        '--allowed-origin <ORIGIN>',
        'Pages that may use the server from a browser, such as https://app.example.com; https://*.example.com for all below (repeatable)',
      ).argParser(repeated),
    )
    .addOption(
      new Option(
        '--operator-origin <ORIGIN>',
        'Pages that may read /metrics, /ready and /events from a browser (repeatable)',
      ).argParser(repeated),
    )
    .option(
      '--public-url <URL>',
      'Where clients reach the server, base path included, such as https://example.com/echo.',
    )
    .option('--agent-url <URL>', 'The same for agents, where they have an address of their own.')
    .addOption(
      new Option(
        '--trust-proxy <PROXY>',
        'Believe what this proxy says of the address that clients used (Forwarded, X-Forwarded-*): loopback, an address, a network such as 10.0.0.0/8 (repeatable), or how many proxies there are',
      ).argParser(repeated),
    )
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
    .option(
      '--agent-episode [TASK]',
      'Give every MCP session at /mcp one fresh episode of TASK (of the first one, if none is named), once.',
    )
    .option(
      '--production-control',
      'Keep reset, step and state on /ws in production mode, as Python’s server does.',
    )
    .option(
      '--resume-dir <DIR>',
      'Keep the episodes of clients that ask for it in DIR, so that they go on after a restart.',
    )
    .addOption(
      new Option('--log <FORMAT>', 'What is written to stderr.').choices(['text', 'json']).default('text'),
    )
    .optionsGroup('Connections:')
    .addOption(
      new Option(
        '--ping-seconds <S>',
        'Seconds between pings on a WebSocket; 0 for none (default: 20)',
      ).argParser(notNegative),
    )
    .addOption(
      new Option(
        '--ping-timeout-seconds <S>',
        'Seconds that a WebSocket client may be silent after a ping, for trainers that compute for a minute (default: as --ping-seconds)',
      ).argParser(positive),
    )
    .addOption(
      new Option(
        '--keep-alive-seconds <S>',
        'Seconds that an idle HTTP connection is kept; longer than a load balancer keeps it (default: 75)',
      ).argParser(positive),
    )
    .addOption(
      new Option(
        '--max-message-bytes <N>',
        'Bytes of one message or request body (default: 16777216)',
      ).argParser(integer(1024, 1024 ** 3)),
    )
    .addOption(
      new Option(
        '--max-depth <N>',
        'Objects and arrays inside each other in one message (default: 200)',
      ).argParser(integer(1, 10_000)),
    )
    .addOption(
      new Option(
        '--max-values <N>',
        'JSON values in one message, such as the pixels of an action (default: 100000)',
      ).argParser(integer(1)),
    )
    .optionsGroup('Limits of clients (429, 503 or close code 1013 beyond):')
  for (const option of Object.values(LIMIT_OPTIONS)) command.addOption(option)
  return command
    .optionsGroup('Isolation:')
    .addOption(
      new Option(
        '--isolation <KIND>',
        'Where episodes run: in the server itself, in threads, or in processes. A step that never returns, uses up its heap or exits ends its own episode there, and no other. docs/operating.md says what each kind holds.',
      )
        .choices(['inline', 'worker', 'process'])
        .default('inline'),
    )
    .addOption(
      new Option('--workers <N>', 'Steps computed at a time (default: the number of cores)').argParser(
        integer(1, 256),
      ),
    )
    .addOption(
      new Option(
        '--step-seconds <S>',
        'Seconds that a step may take where the environment sets no limit itself (default: 10)',
      ).argParser(positive),
    )
    .optionsGroup('Options:')
    .addHelpText(
      'after',
      helpSections({
        notes: {
          Tokens: [
            'OPENENV_CONTROL_TOKEN, OPENENV_AGENT_TOKEN and OPENENV_OPERATOR_TOKEN (or the same names with _FILE) close the planes of orchestrators, agents and operators to everybody else. They are never given as arguments.',
          ],
        },
        examples: [
          'openenv serve ./guess.ts --port 0',
          'openenv serve email-triage --routes minimal --host 0.0.0.0',
          'openenv serve ./guess.ts --isolation worker',
          'openenv serve email-triage ./guess.ts',
        ],
      }),
    )
    .action(async (names: readonly string[], flags: ServeFlags) => {
      const { serveEnvironments } = await import('../serving.ts')
      exit(await serveEnvironments(names, flags))
    })
}
