import { isOpenEnvError } from '@openenv-ts/core'
import { keysOf } from '@openenv-ts/core/host'
import { jsonCopy } from './canonical-json.ts'
import { resolveLimits, type ResolvedLimits, type RolloutLimits } from './limits.ts'
import { policyName, type AnyPolicy } from './policy.ts'
import type { RunSettings } from './record.ts'
import type { RolloutOptions } from './rollout-options.ts'
import { episodeId, episodeSeed } from './seeds.ts'
import type { Target } from './target.ts'
import type { Job } from './job.ts'
import { requireWhole, requireKnown, invalid } from './option-checks.ts'

/** What a run comes to: its settings, and every episode that they ask for, by task and repeat. */
export interface Plan {
  readonly settings: RunSettings
  readonly limits: ResolvedLimits
  readonly jobs: readonly Job[]
}

/**
 * Decides what a rollout plays; plays nothing.
 *
 * @throws RolloutError `INVALID_OPTION` naming the option and what it may be.
 */
export async function planRollout(target: Target, policy: AnyPolicy, options: RolloutOptions): Promise<Plan> {
  const { repeats = 1, seed = 0, group = false } = options
  requireWhole('repeats', repeats, 1)
  requireWhole('seed', seed, 0)
  const limits = checkedLimits(options, target)
  const settings: RunSettings = {
    env: target.name,
    env_version: target.version,
    url: target.url ?? null,
    policy: policyName(policy),
    policy_settings: jsonCopy(settingsOf(policy)) as RunSettings['policy_settings'],
    model: typeof policy === 'function' ? null : (policy.model ?? null),
    seed,
    tasks: await chooseTasks(target, options),
    repeats,
    group,
    limits: {
      steps: finiteOr(limits.steps),
      seconds: finiteOr(limits.seconds),
      tokens: finiteOr(limits.tokens),
      invalid_actions: limits.invalidActions,
    },
  }
  return { settings, limits, jobs: jobsOf(settings) }
}

function jobsOf(settings: RunSettings): readonly Job[] {
  return settings.tasks.flatMap(({ task_id, split }) =>
    Array.from({ length: settings.repeats }, (_, repeat) => ({
      episode_id: episodeId(settings, task_id, repeat),
      task_id,
      split,
      repeat,
      seed: episodeSeed(settings, task_id, repeat),
    })),
  )
}

type ChosenTask = RunSettings['tasks'][number]

/** Named tasks, or every task of a split; the default one when nothing is named [OE-16]. */
async function chooseTasks({ name, tasks, url }: Target, options: RolloutOptions): Promise<ChosenTask[]> {
  const named = options.tasks === undefined ? undefined : [...new Set(options.tasks)]
  if (named?.length === 0) throw invalid('No task was named.')
  if (tasks === undefined) {
    if (named === undefined && options.split === undefined) return [{ task_id: null, split: null }]
    // A server need not tell its tasks; it will say itself what it does not know.
    if (url !== undefined && named !== undefined)
      return named.map((id) => ({ task_id: id, split: options.split ?? null }))
    throw invalid(
      url === undefined
        ? `${name} has no tasks: name none, and each episode starts from its seed.`
        : `The server does not list its tasks: name them.`,
    )
  }
  const splits = await tasks.splits()
  if (options.split !== undefined && !splits.includes(options.split)) {
    throw invalid(`There is no split "${options.split}". There are: ${splits.join(', ')}.`)
  }
  if (named === undefined) {
    const split = options.split ?? splits[0] ?? ''
    const listed = await list(tasks, split)
    if (listed.length === 0) throw invalid(`The split "${split}" has no tasks.`)
    return listed
  }
  const known = new Map<string, ChosenTask>()
  for (const split of options.split === undefined ? splits : [options.split]) {
    for (const task of await list(tasks, split)) known.set(task.task_id ?? '', task)
  }
  return named.map((id) => {
    const task = known.get(id)
    if (task !== undefined) return task
    const some = [...known.keys()].slice(0, 10).join(', ')
    throw invalid(`There is no task "${id}". There are, among others: ${some}.`)
  })
}

async function list(tasks: NonNullable<Target['tasks']>, split: string): Promise<ChosenTask[]> {
  try {
    return (await tasks.list(split)).map(({ id }) => ({ task_id: id, split }))
  } catch (error) {
    if (isOpenEnvError(error) && error.code === 'VALIDATION_ERROR') throw invalid(error.message)
    throw error
  }
}

function settingsOf(policy: AnyPolicy): Readonly<Record<string, unknown>> {
  return typeof policy === 'function' ? {} : (policy.settings ?? {})
}

const LIMIT_KEYS = keysOf<RolloutLimits>({ steps: true, seconds: true, tokens: true, invalidActions: true })

function checkedLimits({ limits }: RolloutOptions, { maxSteps }: Target): ResolvedLimits {
  if (limits !== undefined) requireKnown('limits', limits, LIMIT_KEYS)
  try {
    return resolveLimits(limits, maxSteps)
  } catch (error) {
    if (error instanceof RangeError) throw invalid(error.message)
    throw error
  }
}

function finiteOr(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
