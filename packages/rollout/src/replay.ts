import { join } from 'node:path'
import { isOpenEnvError, type Episode, type MaybePromise, type Reply } from '@openenv-ts/core'
import { canonicalJson } from './canonical-json.ts'
import { checkedLines, faultText, type CheckedLine, type FaultyLine } from './episode-log.ts'
import { isInfrastructure } from './outcome.ts'
import type { Manifest } from './record.ts'
import { FILES, isFinished, readManifest } from './run-folder.ts'
import { returnOf, scoreOf } from './score.ts'
import { episodeId, episodeSeed } from './seeds.ts'

/** The first place where a run and its replay, or a run and its own hashes, differ. */
export interface Difference {
  /** Line of `episodes.jsonl`, from 1; null when it is the manifest that does not fit. */
  readonly line: number | null
  readonly episodeId: string | null
  /** The step, from 1; 0 is the reset. Null when it is not about a step. */
  readonly step: number | null
  /** A field of the record or of a step: `observation`, `terms`, `score`, `hash` and the like. */
  readonly field: string
  /** What the run says, or should say, and what was found instead. */
  readonly expected: string
  readonly found: string
  /** All of it in one sentence. */
  readonly message: string
}

/** What a replay compares of every step: what the environment answers again. */
export const COMPARED_OF_STEPS = ['observation', 'reward', 'terms', 'info', 'status'] as const
/**
 * What a replay proves of every record beside its steps. The rest of a record was measured and cannot be played again:
 * `usage`, `started_at` and `duration_ms` are held by the hashes alone.
 */
export const COMPARED_OF_RECORDS = [
  ...['episode_id', 'task_id', 'split', 'repeat', 'seed', 'policy'],
  ...['outcome', 'status', 'return', 'score', 'prev_hash', 'hash'],
] as const

/** What {@link replay} found: how much was equal, and where it stopped being so. */
export type ReplayResult =
  | { readonly ok: true; readonly episodes: number; readonly steps: number }
  | { readonly ok: false; readonly episodes: number; readonly steps: number; readonly difference: Difference }

/** Options of {@link replay}. */
export interface ReplayOptions {
  readonly signal?: AbortSignal
  /** Called after each episode that was equal. */
  readonly onEpisode?: (done: number, total: number) => void
}

/**
 * Plays a run's recorded actions again and compares what comes back: {@link COMPARED_OF_STEPS} of every step, terms with
 * weights and evidence. Proves hashes and chain, and of every record what follows from the run's settings and its steps:
 * {@link COMPARED_OF_RECORDS}.
 *
 * The whole file is proved before anything is played, so that a change anywhere is named as what it is. The run must
 * be an environment's that answers equal seeds and actions with equal bytes.
 *
 * @param open - Opens an episode of the run's environment; each recorded episode gets a fresh one.
 * @throws RolloutError `NO_RUN`, or `BROKEN_RUN` for a manifest that cannot be read; OpenEnvError when the
 * environment cannot be reached.
 */
export async function replay(
  dir: string,
  open: (signal?: AbortSignal) => MaybePromise<Episode>,
  options: ReplayOptions = {},
): Promise<ReplayResult> {
  const manifest = await readManifest(dir)
  const path = join(dir, FILES.episodes)
  const { signal, onEpisode } = options
  const proved = await proveFile(path, manifest)
  if (typeof proved !== 'number') return { ok: false, episodes: 0, steps: 0, difference: proved }
  let episodes = 0
  let steps = 0
  for await (const line of checkedLines(path)) {
    // Proved above; a line torn since then belongs to whoever still writes.
    if ('fault' in line) break
    signal?.throwIfAborted()
    const episode = await open(signal)
    let difference: Difference | null
    try {
      difference = await playAgain(line, episode, signal)
    } finally {
      await episode.close().catch(() => undefined)
    }
    if (difference !== null) return { ok: false, episodes, steps, difference }
    episodes += 1
    steps += line.record.steps.length
    onEpisode?.(episodes, proved)
  }
  return { ok: true, episodes, steps }
}

/**
 * Proves every line, what each says of itself, and that the manifest of a finished run speaks of these lines.
 *
 * @returns How many episodes there are, or what is wrong.
 */
async function proveFile(path: string, manifest: Manifest): Promise<number | Difference> {
  let last: CheckedLine | undefined
  for await (const line of checkedLines(path)) {
    if ('fault' in line) {
      if (isTornEnd(line, manifest)) break
      return faulty(line)
    }
    const wrong = checkPlan(line, manifest) ?? checkSums(line)
    if (wrong !== null) return wrong
    last = line
  }
  const [count, head] = [last?.line ?? 0, last?.record.hash ?? null]
  if (!isFinished(manifest)) return count
  if (last?.whole === false) return differ(last, null, 'line', 'a newline at the end', 'the end of the file')
  if (manifest.episodes !== count) return ofManifest('episodes', String(manifest.episodes), String(count))
  if (manifest.head !== head) return ofManifest('head', String(manifest.head), String(head))
  return count
}

/** What a kill in the middle of a write leaves is no change: nothing was finished there. */
function isTornEnd(line: FaultyLine, manifest: Manifest): boolean {
  return line.torn && !isFinished(manifest)
}

/** Which episode it is follows from the settings of the run. */
function checkPlan(line: CheckedLine, { settings }: Manifest): Difference | null {
  const { task_id, split, repeat, seed, policy, episode_id } = line.record
  const tasks = settings.tasks.filter((task) => task.task_id === task_id)
  if (tasks.length === 0) return differ(line, null, 'task_id', 'a task of the run', String(task_id))
  if (!tasks.some((task) => task.split === split)) {
    return differ(line, null, 'split', String(tasks[0]?.split), String(split))
  }
  if (repeat >= settings.repeats) {
    return differ(line, null, 'repeat', `less than ${String(settings.repeats)}`, String(repeat))
  }
  if (policy !== settings.policy) return differ(line, null, 'policy', settings.policy, policy)
  const id = episodeId(settings, task_id, repeat)
  if (episode_id !== id) return differ(line, null, 'episode_id', id, episode_id)
  const planned = episodeSeed(settings, task_id, repeat)
  return seed === planned ? null : differ(line, null, 'seed', String(planned), String(seed))
}

/** Return and score follow from the steps, so they are proved too. */
function checkSums(line: CheckedLine): Difference | null {
  const { steps, outcome, score } = line.record
  const completed = outcome === 'completed'
  const total = completed ? returnOf(steps) : null
  if (line.record.return !== total)
    return differ(line, null, 'return', String(total), String(line.record.return))
  // With no steps the score may stand in the reset's info, which is not recorded.
  if (steps.length === 0 && completed) return null
  const final = completed ? scoreOf(steps.at(-1)?.info, total) : null
  return score === final ? null : differ(line, null, 'score', String(final), String(score))
}

async function playAgain(
  line: CheckedLine,
  episode: Episode,
  signal?: AbortSignal,
): Promise<Difference | null> {
  const { record } = line
  if (record.steps.length === 0) return checkEnd(line, null)
  const call = signal === undefined ? {} : { signal }
  const reset = { seed: record.seed, episodeId: record.episode_id, ...call }
  let last: Reply<unknown> | null = null
  try {
    last = await episode.reset(record.task_id === null ? reset : { ...reset, taskId: record.task_id })
  } catch (error) {
    return differ(line, 0, 'reset', 'a reply', refusal(error))
  }
  // A server that does not tell its tasks may still name the one that it started.
  const task = last.info['task_id'] ?? record.task_id
  if (record.task_id !== null && task !== record.task_id)
    return differ(line, 0, 'task_id', record.task_id, String(task))
  for (const [index, step] of record.steps.entries()) {
    let reply: Reply<unknown>
    try {
      reply = await episode.step(step.action, call)
    } catch (error) {
      return differ(line, index + 1, 'step', 'a reply', refusal(error))
    }
    for (const field of COMPARED_OF_STEPS) {
      const [expected, found] = [canonicalJson(step[field]), canonicalJson(reply[field] ?? [])]
      if (expected !== found) return differ(line, index + 1, field, expected, found)
    }
    last = reply
  }
  return checkEnd(line, last)
}

/** How it ended follows from the last reply, where that ended it; null: nothing was played. */
function checkEnd(line: CheckedLine, last: Reply<unknown> | null): Difference | null {
  const { outcome, status, steps } = line.record
  if (last?.done === true) {
    const graded = scoreOf(last.info, returnOf(steps)) !== null
    const ending = graded || last.status === 'truncated' ? 'completed' : 'grader_error'
    if (outcome !== ending) return differ(line, null, 'outcome', ending, outcome)
    return status === last.status ? null : differ(line, null, 'status', last.status, status)
  }
  // Not ended by the environment: by a limit or the policy, or by what failed.
  const standing = outcome === 'completed' ? 'truncated' : outcome === 'grader_error' ? status : 'running'
  return status === standing ? null : differ(line, null, 'status', standing, status)
}

/** An error as what was found instead of a reply; one that says nothing about the environment is thrown. */
function refusal(error: unknown): string {
  if (!isOpenEnvError(error) || error.code === 'TIMEOUT' || isInfrastructure(error)) throw error
  return `${error.code}: ${error.message}`
}

function faulty({ line, fault }: FaultyLine): Difference {
  const { field, expected, found, episodeId } = fault
  const message = `Line ${String(line)}: ${faultText(fault)}`
  return { line, episodeId, step: null, field, expected, found, message }
}

function differ(
  { line, record }: CheckedLine,
  step: number | null,
  field: string,
  expected: string,
  found: string,
): Difference {
  const episodeId = record.episode_id
  const where = step === null ? '' : step === 0 ? ', reset' : `, step ${String(step)}`
  const task = record.task_id === null ? '' : `${record.task_id}, `
  const place = `Line ${String(line)} (${task}repeat ${String(record.repeat)})${where}`
  const message = `${place}: ${field} differs: expected ${expected}, found ${found}.`
  return { line, episodeId, step, field, expected, found, message }
}

function ofManifest(field: string, expected: string, found: string): Difference {
  const message = `${FILES.manifest} does not fit ${FILES.episodes}: ${field} should be ${found}, and is ${expected}.`
  return { line: null, episodeId: null, step: null, field, expected, found, message }
}
