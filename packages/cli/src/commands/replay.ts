import { Command } from 'commander'
import type { Exit } from '../exit.ts'
import { helpSections } from '../help-sections.ts'

/** `openenv replay`: proof that a run is what was played. */
export function replayCommand(exit: Exit): Command {
  return new Command('replay')
    .description(
      'Play a recorded run again and prove that it comes out equal; names the first field that does not.',
    )
    .usage('RUN [options]')
    .argument('<RUN>', 'The folder of a run.')
    .option('--env <ENV|URL>', 'Where to play it; needed unless the run is of a built-in environment')
    .option('--json', 'Print the result as one JSON object, and nothing else.')
    .addHelpText(
      'after',
      helpSections({
        examples: [
          'openenv replay runs/first',
          'openenv replay runs/first --env ./guess.ts',
          'openenv replay runs/first --env http://127.0.0.1:8000',
        ],
      }),
    )
    .action(async (dir: string, flags: { readonly env?: string; readonly json?: boolean }) => {
      const { replayRun } = await import('../replaying.ts')
      exit(await replayRun(dir, flags))
    })
}
