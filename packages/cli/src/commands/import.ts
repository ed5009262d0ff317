import { Command } from 'commander'
import { repeated } from '../options.ts'
import type { Exit } from '../exit.ts'
import type { ImportFlags } from '../import-flags.ts'
import { helpSections } from '../help-sections.ts'

/** `openenv import`: an environment package from a Python source, which is read and never run. */
export function importCommand(exit: Exit): Command {
  return new Command('import')
    .description('Turn a Python environment (ORS, OpenReward, Verifiers) into a package, without running it.')
    .usage('SOURCE --name NAME --output-dir DIR [options]')
    .argument('<SOURCE>', 'The root folder of the Python source.')
    .requiredOption(
      '--name <NAME>',
      'Name of the package and of its folder: lower-case words joined by hyphens.',
    )
    .requiredOption('--output-dir <DIR>', 'Where its folder is made.')
    .option('--type <TYPE>', 'Look only for environments of this type: ors, verifiers.')
    .option('--env-class <CLASS>', 'Which environment, where there are several: Class or module:Class.')
    .option(
      '--importer <PACKAGE>',
      'Take this importer too: an npm package or a file (repeatable).',
      repeated,
    )
    .option('--dry-run', 'Print what would be written, and write nothing.')
    .option(
      '--check',
      'Compare a package that was imported before with its source: exit code 1 where they differ.',
    )
    .option(
      '--update',
      'Import again into a package that was imported before. Files that you edited are kept.',
    )
    .option('--force', 'With --update: replace edited files too, where the source changed them.')
    .option(
      '--no-lock',
      'Leave the requirements as the source states them, instead of resolving them with uv.',
    )
    .option('--json', 'Print the result, or the error, as one JSON object.')
    .addHelpText(
      'after',
      helpSections({
        examples: [
          'openenv import ./wordle --name wordle --output-dir environments',
          'openenv import ./suite --name maze --output-dir . --env-class suite.maze:Maze --dry-run',
          'openenv import ./wordle --name wordle --output-dir environments --check',
          'openenv import ./wordle --name wordle --output-dir environments --update',
        ],
      }),
    )
    .action(async (source: string, flags: ImportFlags) => {
      const { importEnvironment } = await import('../import.ts')
      exit(await importEnvironment(source, flags))
    })
}
