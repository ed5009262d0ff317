import { Command } from 'commander'

/** `openenv info`: what a server says about itself. */
export function infoCommand(): Command {
  return new Command('info')
    .description('Say what a server offers: its environment, actions and tasks.')
    .usage('URL [options]')
    .argument('<URL>', 'A server; an environment as for the other commands is fine too.')
    .option('--json', 'Print it as one JSON object, and nothing else.')
    .addHelpText('after', '\nExample:\n  $ openenv info http://127.0.0.1:8000')
    .action(async (name: string, flags: { readonly json?: boolean }) => {
      const { printInfo } = await import('../listing.ts')
      await printInfo(name, flags)
    })
}
