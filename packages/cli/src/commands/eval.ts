import type { Command } from 'commander'
import type { Exit } from '../exit.ts'
import { playCommand, type PlayFlags } from './play-flags.ts'

/** `openenv eval`: plays episodes and says what they come to. */
export function evalCommand(exit: Exit): Command {
  return playCommand(
    'eval',
    'Play episodes and print scores: mean with its 95% interval, pass@k, a table by task.',
    [
      'openenv eval ./guess.ts --policy random --repeats 100',
      'openenv eval email-triage --model gpt-x --repeats 8 --concurrency 32',
      'openenv eval http://127.0.0.1:8000 --policy baseline --json',
    ],
  ).action(async (name: string, flags: PlayFlags) => {
    const [{ play }, { printScores }] = await Promise.all([import('../play.ts'), import('../scores.ts')])
    const played = await play(name, flags)
    if (played.run.finished) printScores(played, flags)
    exit(played.exitCode)
  })
}
