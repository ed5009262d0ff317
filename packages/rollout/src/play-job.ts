import type { Episode } from '@openenv-ts/core'
import type { ResolvedLimits } from './limits.ts'
import type { Failure } from './outcome.ts'
import { sleepUnlessAborted } from './sleep.ts'
import type { Job } from './job.ts'
import { policyName, type AnyPolicy } from './policy.ts'
import { SCHEMA_VERSION, type UnchainedRecord } from './record.ts'
import { failedToOpen, runEpisode, type EpisodeResult } from './run-episode.ts'
import type { Writer } from './run-writer.ts'
import type { Target } from './target.ts'
import type { CapacityQueue } from './capacity-queue.ts'
import { addUsage, type Usage } from './usage.ts'

/** What all jobs of a rollout have in common. */
export interface JobContext {
  readonly target: Target
  readonly policy: AnyPolicy
  readonly limits: ResolvedLimits
  readonly retries: number
  readonly retryDelayMs: number
  readonly capacity: CapacityQueue
  readonly writer: Pick<Writer, 'note'>
  readonly signal: AbortSignal
}

/** How long the end of an episode is waited for: an environment that cannot end must not hold up the others. */
const CLOSE_MS = 5000

/**
 * Plays one owed episode, again on a fresh one where that can help, and makes its record.
 *
 * @returns Null when it was cancelled: then it is still owed.
 */
export async function playJob(
  job: Job,
  context: JobContext,
): Promise<{ readonly record: UnchainedRecord; readonly failure: Failure | null } | null> {
  const { policy, capacity: turnstile, writer, signal, retries, retryDelayMs } = context
  // What earlier tries used was paid for, too.
  let usage: Usage | null = null
  let tries = 1
  for (;;) {
    const startedAt = Date.now()
    const result = await turnstile.attempt((enter) => attempt(job, context, enter), isFull)
    const { outcome, failure, retryable } = result
    if (outcome === 'cancelled') return null
    usage = addUsage(usage, result.usage)
    // A server that is full of our own episodes has room as soon as one of them ends: no try is lost by waiting.
    if (isFull(result) && (await turnstile.roomFreed(signal))) continue
    if (failure !== null) {
      const { episode_id, task_id, repeat } = job
      const at = new Date().toISOString()
      await writer.note({ at, episode_id, task_id, repeat, try: tries, outcome, ...failure })
    }
    if (!retryable || tries > retries) {
      const record = recordOf(job, policyName(policy), { ...result, outcome, usage }, startedAt, Date.now())
      return { record, failure }
    }
    try {
      await sleepUnlessAborted(retryDelayMs * 2 ** (tries - 1), signal)
    } catch {
      return null
    }
    tries += 1
  }
}

function isFull({ failure }: EpisodeResult): boolean {
  return failure?.code === 'CAPACITY_REACHED'
}

async function attempt(
  job: Job,
  { target, policy, limits, signal }: JobContext,
  onStart: () => void,
): Promise<EpisodeResult> {
  let episode: Episode
  try {
    episode = await target.open(signal)
  } catch (error) {
    return failedToOpen(error, signal)
  }
  const { task_id, seed, episode_id } = job
  const { actionSchema, description } = target
  const reset = { seed, episodeId: episode_id, ...(task_id === null ? {} : { taskId: task_id }) }
  try {
    return await runEpisode(episode, policy, { reset, actionSchema, description, limits, signal, onStart })
  } finally {
    await closeSoon(episode)
  }
}

async function closeSoon(episode: Episode): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_MS)
  })
  // The episode is over, whatever its closing says.
  await Promise.race([episode.close().catch(() => undefined), enough])
  clearTimeout(timer)
}

function recordOf(
  { episode_id, task_id, split, repeat, seed }: Job,
  policy: string,
  result: EpisodeResult & { readonly outcome: UnchainedRecord['outcome'] },
  startedAt: number,
  endedAt: number,
): UnchainedRecord {
  const { steps, outcome, status, score, usage } = result
  return {
    schema_version: SCHEMA_VERSION,
    episode_id,
    task_id,
    split,
    repeat,
    seed,
    policy,
    steps: [...steps],
    outcome,
    status,
    return: result.return,
    score,
    usage,
    started_at: new Date(startedAt).toISOString(),
    // The machine's clock may be set back meanwhile.
    duration_ms: Math.max(0, endedAt - startedAt),
  }
}
