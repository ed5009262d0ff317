import { Command } from 'commander'
import { helpSections } from '../help-sections.ts'

/** `openenv tasks`: what there is to play. */
export function tasksCommand(): Command {
  return new Command('tasks')
    .description('List the tasks of an environment, by split.')
    .usage('ENV|URL [options]')
    .argument('<ENV|URL>', 'A built-in environment, a package, a file, or a server.')
    .option('--split <NAME>', 'Only this split (default: all)')
    .option('--json', 'Print the list as one JSON object, and nothing else.')
    .addHelpText(
      'after',
      helpSections({
        examples: ['openenv tasks email-triage --split train', 'openenv tasks http://127.0.0.1:8000 --json'],
      }),
    )
    .action(async (name: string, flags: { readonly split?: string; readonly json?: boolean }) => {
      const { printTasks } = await import('../listing.ts')
      await printTasks(name, flags)
    })
}
