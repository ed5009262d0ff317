import { Command } from 'commander'
import { helpSections } from '../help-sections.ts'

/** `openenv info`: what a server says about itself. */
export function infoCommand(): Command {
  return new Command('info')
    .description('Say what an environment or a server offers: description, actions and tasks.')
    .usage('ENV|URL [options]')
    .argument('<ENV|URL>', 'A built-in environment, a package, a file, or a server.')
    .option('--json', 'Print it as one JSON object, and nothing else.')
    .addHelpText('after', helpSections({ examples: ['openenv info http://127.0.0.1:8000'] }))
    .action(async (name: string, flags: { readonly json?: boolean }) => {
      const { printInfo } = await import('../listing.ts')
      await printInfo(name, flags)
    })
}
