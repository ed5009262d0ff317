import { seededRandom } from '@openenv-ts/core'
import { canonicalJson } from './canonical-json.ts'
import { sha256 } from './chain.ts'
import type { RunSettings } from './record.ts'

const LARGEST_SEED = 2 ** 31 - 1

/**
 * The seed of one episode [OE-14]: fixed by the run's seed, the task and the repeat; in a group by seed and task.
 *
 * At most 2^31 − 1, so that environments in other languages can take it too.
 */
export function episodeSeed(
  run: Pick<RunSettings, 'seed' | 'group'>,
  taskId: string | null,
  repeat: number,
): number {
  const start = run.group ? ['group'] : ['repeat', repeat]
  return seededRandom(run.seed, 'episode', taskId ?? '', ...start).integer(0, LARGEST_SEED)
}

/**
 * The id of one episode: the same for the same settings, task and repeat, so that no sitting makes a second one.
 * Where a server is has no part in it.
 */
export function episodeId(settings: RunSettings, taskId: string | null, repeat: number): string {
  const { tasks: _tasks, repeats: _repeats, url: _url, ...identity } = settings
  return sha256(canonicalJson({ ...identity, task_id: taskId, repeat })).slice(0, 32)
}
