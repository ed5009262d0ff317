import { setMaxListeners } from 'node:events'
import type { ActionOf, AnyEnvironment, ObservationOf } from '@openenv-ts/core'
import { keysOf } from '@openenv-ts/core/host'
import pLimit from 'p-limit'
import { newManifest, openRun } from './open-run.ts'
import { planRollout } from './plan.ts'
import { requireKnown, requireWhole } from './option-checks.ts'
import { playJob } from './play-job.ts'
import type { AnyPolicy, Policy } from './policy.ts'
import type { EpisodeSummary, Manifest } from './record.ts'
import { summaryOf } from './run-folder.ts'
import { MemoryWriter } from './run-writer.ts'
import { localTarget, remoteTarget, type Target } from './target.ts'
import { CapacityQueue } from './capacity-queue.ts'
import type { RolloutOptions, Progress } from './rollout-options.ts'

/** What {@link rollout} answers. */
export interface Run {
  /** The run's folder; null when nothing was written. */
  readonly dir: string | null
  readonly manifest: Manifest
  /** One for each finished episode, by task and repeat; whole records with steps: `readRun(dir)`. */
  readonly episodes: readonly EpisodeSummary[]
  /** False when `signal` stopped it before the end. */
  readonly finished: boolean
}

/**
 * Plays tasks × repeats and writes each finished episode to the run's folder.
 *
 * Failed episodes are data. It resolves also when `signal` stops it, with `finished: false`.
 *
 * @throws RolloutError for settings that cannot be: an unknown task, a folder that exists, a run of other settings.
 */
export function rollout<E extends AnyEnvironment>(
  target: E,
  policy: Policy<ActionOf<E>, ObservationOf<E>>,
  options?: RolloutOptions,
): Promise<Run>
export function rollout(target: Target | string, policy: AnyPolicy, options?: RolloutOptions): Promise<Run>
export async function rollout(
  played: AnyEnvironment | Target | string,
  policy: AnyPolicy,
  options: RolloutOptions = {},
): Promise<Run> {
  requireKnown('the options of rollout', options, KEYS)
  const { concurrency = 8, retries = 3, retryDelayMs = 250, signal } = options
  requireWhole('concurrency', concurrency, 1)
  requireWhole('retries', retries, 0)
  const target = await targetOf(played, signal)
  const plan = await planRollout(target, policy, options)
  const manifest = newManifest(plan.settings, options.source, Date.now())
  const done = new Map<string, EpisodeSummary>()
  const { out, ...others } = options
  const writer =
    out === false
      ? new MemoryWriter(manifest)
      : await openRun(manifest, out === undefined ? others : { ...others, out }, (episode) => {
          done.set(episode.episode_id, episode)
        })

  const resumed = done.size
  const pending = plan.jobs.filter((job) => !done.has(job.episode_id))
  const capacity = new CapacityQueue()
  const runningMean = new RunningMean(done.values())
  const report = (news: Pick<Progress, 'episode' | 'failure'> = {}): void => {
    const { dir } = writer
    const total = plan.jobs.length
    options.onProgress?.({
      dir,
      done: done.size,
      total,
      resumed,
      running: capacity.playing,
      mean: runningMean.mean,
      ...news,
    })
  }
  // Stops the others when one of them cannot go on, for instance because the disk is full.
  const stop = new AbortController()
  const stopped = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  // Every episode listens to it: as many listeners as episodes are no leak.
  setMaxListeners(0, stopped)
  const play = async (job: (typeof pending)[number]): Promise<void> => {
    if (stopped.aborted) return
    const { limits } = plan
    const context = {
      target,
      policy,
      limits,
      retries,
      retryDelayMs,
      capacity: capacity,
      writer,
      signal: stopped,
    }
    const played = await playJob(job, context)
    if (played === null) return
    const record = await writer.append(played.record)
    const episode = summaryOf(record)
    done.set(episode.episode_id, episode)
    runningMean.add(episode)
    report({ episode: record, ...(played.failure === null ? {} : { failure: played.failure }) })
  }

  try {
    report()
    const limit = pLimit(Math.min(concurrency, target.maxEpisodes ?? Infinity))
    const settled = await Promise.allSettled(
      pending.map((job) =>
        limit(() =>
          play(job).catch((error: unknown) => {
            stop.abort(error)
            throw error
          }),
        ),
      ),
    )
    const broken = settled.find((result) => result.status === 'rejected')
    if (broken !== undefined) throw broken.reason
    const finished = done.size === plan.jobs.length
    const known = writer.manifest.finished_at !== undefined
    return {
      dir: writer.dir,
      manifest: finished && !known ? await writer.finish(Date.now()) : writer.manifest,
      episodes: plan.jobs.map((job) => done.get(job.episode_id)).filter((episode) => episode !== undefined),
      finished,
    }
  } finally {
    await writer.close()
  }
}

const KEYS = keysOf<RolloutOptions>({
  ...{ tasks: true, split: true, repeats: true, group: true, concurrency: true, seed: true, limits: true },
  ...{
    out: true,
    runsDir: true,
    resume: true,
    retries: true,
    retryDelayMs: true,
    source: true,
    signal: true,
  },
  onProgress: true,
})

async function targetOf(
  played: AnyEnvironment | Target | string,
  signal: AbortSignal | undefined,
): Promise<Target> {
  if (typeof played === 'string') return remoteTarget(played, signal === undefined ? {} : { signal })
  return 'open' in played ? played : localTarget(played)
}

/** The mean of what has a score, kept up as episodes come in. */
class RunningMean {
  #sum = 0
  #count = 0

  constructor(episodes: Iterable<EpisodeSummary>) {
    for (const episode of episodes) this.add(episode)
  }

  get mean(): number | null {
    return this.#count === 0 ? null : this.#sum / this.#count
  }

  add({ score }: EpisodeSummary): void {
    if (score === null) return
    this.#sum += score
    this.#count += 1
  }
}
