import { Command } from 'commander'
import { helpSections } from '../help-sections.ts'

/** `openenv init`: a new environment package. */
export function initCommand(): Command {
  return new Command('init')
    .description('Make a new environment package that works as it is.')
    .usage('NAME [options]')
    .argument('<NAME>', 'Its name and the name of its folder: lower-case words joined by hyphens.')
    .option('--output-dir <DIR>', 'Where its folder is made.', '.')
    .addHelpText(
      'after',
      helpSections({ examples: ['openenv init word-count', 'openenv eval ./word-count --policy oracle'] }),
    )
    .action(async (name: string, flags: { readonly outputDir: string }) => {
      const { init } = await import('../init.ts')
      await init(name, flags)
    })
}
