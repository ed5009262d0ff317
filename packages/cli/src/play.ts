import { existsSync } from 'node:fs'
import { rollout, type RolloutOptions, type Run, type Target } from '@openenv-ts/rollout'
import type { PlayFlags } from './commands/play-flags.ts'
import { EXIT, UsageError } from './failure.ts'
import { listenForInterrupt } from './interrupt.ts'
import { choosePolicy } from './policy.ts'
import { showProgress } from './progress.ts'
import { findPlaySource } from './target.ts'
import { note, progressOutput } from './terminal.ts'

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
    throw new UsageError(`--out ${out} exists: name a new folder, or continue that run with --resume.`)
  }
  using interrupt = listenForInterrupt('Stopping; press Ctrl-C again to quit at once.')
  const { signal } = interrupt
  const subject = await findPlaySource(name, { env: flags.env, signal })
  const policy = await choosePolicy(subject, flags)
  const progress = showProgress(progressOutput())
  let run: Run
  try {
    const options = { ...optionsOf(flags), source: name, signal, onProgress: progress.update }
    run = await rollout(subject.target, policy, options)
  } finally {
    progress.end()
  }
  if (!run.finished) {
    note(`Stopped. What was played is in ${String(run.dir)}; the same command with --resume goes on there.`)
    return { run, exitCode: interrupt.exitCode }
  }
  if (flags.maxSteps === undefined) noteCutOff(run, subject.target)
  const failed = run.episodes.some(({ outcome }) => FAULTS.has(outcome))
  return { run, exitCode: failed ? EXIT.failed : EXIT.ok }
}

/** Says when episodes ended because of a limit that nobody asked for. */
function noteCutOff({ manifest, episodes }: Run, { name, maxSteps = Infinity }: Target): void {
  const limit = manifest.settings.limits.steps ?? Infinity
  if (maxSteps <= limit) return
  if (!episodes.some(({ status, step_count }) => status === 'truncated' && step_count >= limit)) return
  note(`note: ${name} sets no limit of steps; episodes were cut off after ${String(limit)} (--max-steps).`)
}

function optionsOf(flags: PlayFlags): RolloutOptions {
  const { task, split, repeats, group, concurrency, maxSteps, seed, out, resume } = flags
  return {
    repeats,
    group: group === true,
    concurrency,
    seed,
    resume: resume === true,
    ...(task === undefined ? {} : { tasks: task }),
    ...(maxSteps === undefined ? {} : { limits: { steps: maxSteps } }),
    ...(split === undefined ? {} : { split }),
    ...(out === undefined ? {} : { out }),
  }
}
