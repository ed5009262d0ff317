import { existsSync } from 'node:fs'
import { rollout, type Run, type RolloutOptions } from '@openenv-ts/rollout'
import { DEFAULT_MAX_STEPS, type PlayFlags } from './commands/play-flags.ts'
import { EXIT, UsageError } from './failure.ts'
import { listenForInterrupt } from './interrupt.ts'
import { choosePolicy } from './policy.ts'
import { showProgress } from './progress.ts'
import { findSubject } from './target.ts'
import { note } from './terminal.ts'

/** What came of `rollout` or `eval`. */
export interface Played {
  readonly run: Run
  /** 1 when an episode was lost to an environment, a grader or infrastructure; 130 when stopped [OE-15]. */
  readonly exitCode: number
}

/** Outcomes that make the command fail; what an agent did wrong is a result. */
const FAULTS: ReadonlySet<string> = new Set(['environment_error', 'grader_error', 'infrastructure_error'])

/**
 * Plays what the flags ask for, with progress on stderr; Ctrl-C leaves a run that `--resume` goes on with.
 *
 * @param name - ENV or URL.
 */
export async function play(name: string, flags: PlayFlags): Promise<Played> {
  const { out, resume } = flags
  if (out !== undefined && resume !== true && existsSync(out)) {
    throw new UsageError(`--out ${out} exists: name a new folder, or go on with that run by --resume.`)
  }
  using interrupt = listenForInterrupt('Stopping; press Ctrl-C again to quit at once.')
  const subject = await findSubject(name, interrupt.signal)
  const policy = await choosePolicy(subject, flags)
  const cutOff = flags.maxSteps ?? (subject.target.maxSteps === undefined ? DEFAULT_MAX_STEPS : undefined)
  const progress = showProgress(process.stderr)
  let run: Run
  try {
    run = await rollout(subject.target, policy, {
      ...optionsOf(flags),
      source: name,
      ...(cutOff === undefined ? {} : { limits: { steps: cutOff } }),
      signal: interrupt.signal,
      onProgress: progress.update,
    })
  } finally {
    progress.end()
  }
  if (!run.finished) {
    note(`Stopped. What was played is in ${String(run.dir)}; the same command with --resume goes on there.`)
    return { run, exitCode: interrupt.exitCode }
  }
  if (flags.maxSteps === undefined && run.episodes.some((episode) => wasCutOff(episode, cutOff))) {
    note(
      `note: ${subject.target.name} sets no limit of steps; episodes were cut off after ${String(cutOff)} (--max-steps).`,
    )
  }
  const failed = run.episodes.some(({ outcome }) => FAULTS.has(outcome))
  return { run, exitCode: failed ? EXIT.failed : EXIT.ok }
}

function wasCutOff({ status, step_count }: Run['episodes'][number], cutOff: number | undefined): boolean {
  return cutOff !== undefined && status === 'truncated' && step_count >= cutOff
}

function optionsOf(flags: PlayFlags): RolloutOptions {
  const { task, split, repeats, group, concurrency, seed, out, resume } = flags
  return {
    repeats,
    group: group === true,
    concurrency,
    seed,
    resume: resume === true,
    ...(task === undefined ? {} : { tasks: task }),
    ...(split === undefined ? {} : { split }),
    ...(out === undefined ? {} : { out }),
  }
}
