import type { Command } from 'commander'
import type { Exit } from '../exit.ts'
import { playCommand, type PlayFlags } from './play-flags.ts'

/** `openenv rollout`: plays episodes and keeps them. */
export function rolloutCommand(exit: Exit): Command {
  return playCommand('rollout', 'Play episodes and keep them in a run folder, every step with its reward.', [
    'openenv rollout email-triage --policy baseline --out runs/first',
    'openenv rollout email-triage --split train --model gpt-x --repeats 4 --group',
    'openenv rollout email-triage --split train --model gpt-x --repeats 4 --group --resume',
  ]).action(async (name: string, flags: PlayFlags) => {
    const [{ play }, { printRun }] = await Promise.all([import('../play.ts'), import('../scores.ts')])
    const played = await play(name, flags)
    if (played.run.finished) printRun(played, flags)
    exit(played.exitCode)
  })
}
