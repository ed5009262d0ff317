import type { z } from 'zod'
import type { AnyEnvironment, TimeStep } from './environment.ts'
import type { Reply, Status } from './episode.ts'
import type { Info } from './info.ts'
import { OpenEnvError } from './errors.ts'
import { copyPlainJson, isJsonNumber, numberFault, plainJson } from './plain-json.ts'
import { infoOfTerms, termsOfInfo, type Terms } from './terms.ts'

/** What an episode knows beside its time step, and tells with it [OE-25]. */
export interface EpisodeFacts {
  /** Null for an environment without tasks. */
  readonly taskId: string | null
  /** Sum of the rewards before this time step; null where nothing was scored yet. */
  readonly earned: number | null
}

/**
 * Checks what an environment shows on its way out: its observation by its schema, its reward, its info, its terms. What
 * JSON cannot carry is refused by its place [OE-24].
 *
 * To the environment's own info it adds `task_id`, each term's value as `reward.<term>`, and, at the end, `score`: the
 * environment's own, or the sum of the rewards.
 *
 * @throws OpenEnvError EXECUTION_ERROR: the environment is at fault.
 */
export function checkTimeStep<TObservation>(
  environment: AnyEnvironment,
  timeStep: TimeStep<unknown>,
  status: Status,
  facts: EpisodeFacts,
): Reply<TObservation> {
  const parsed = environment.observation.safeParse(timeStep.observation)
  if (!parsed.success) {
    // A number that the schema calls wrong may be one that JSON cannot carry, which says more.
    requireCarried(timeStep.observation, 'observation')
    throw new OpenEnvError(
      'EXECUTION_ERROR',
      'The environment gave an observation that breaks its own schema.',
      {
        cause: parsed.error,
      },
    )
  }
  const observation = requireCarried(parsed.data, 'observation') as TObservation
  const reward = rewardOf(timeStep.reward)
  const terms = timeStep.terms === undefined ? termsOfInfo(timeStep.info) : checkTerms(timeStep.terms)
  const done = status !== 'running'
  const info = infoOf(timeStep.info, terms, facts, done, reward)
  return terms === undefined
    ? { observation, reward, status, done, info }
    : { observation, reward, status, done, info, terms }
}

/** The sum of rewards after one more: null where nothing was scored yet. */
export function earnedWith(reward: number | null, earned: number | null): number | null {
  return reward === null ? earned : (earned ?? 0) + reward
}

function rewardOf(reward: number | null): number | null {
  if (reward === null) return null
  if (typeof reward !== 'number') {
    throw failed(`The environment gave a reward that is not a number: ${typeof reward}.`)
  }
  if (!isJsonNumber(reward)) throw failed(`The environment failed: reward ${numberFault(reward)}`)
  // -0 travels as 0.
  return reward === 0 ? 0 : reward
}

function checkTerms(terms: Terms): Terms {
  for (const { name, value, weight, evidence } of terms) {
    for (const [what, number] of [
      ['value', value],
      ['weight', weight],
    ] as const) {
      if (isJsonNumber(number)) continue
      throw failed(`The environment failed: reward term "${name}": ${what} ${numberFault(number)}`)
    }
    if (evidence !== undefined) requireCarried(evidence, `terms.${name}.evidence`)
  }
  return terms
}

function infoOf(
  given: Info,
  terms: Terms | undefined,
  { taskId, earned }: EpisodeFacts,
  done: boolean,
  reward: number | null,
): Info {
  const info = flat(given)
  if (taskId !== null) info['task_id'] = taskId
  if (terms !== undefined && terms.length > 0) Object.assign(info, infoOfTerms(terms))
  if (!done || typeof info['score'] === 'number') return info
  const total = earnedWith(reward, earned)
  if (total !== null) info['score'] = total
  return info
}

function flat(given: Info): Record<string, string | number | boolean> {
  const info: Record<string, string | number | boolean> = {}
  for (const key in given) {
    const value: unknown = given[key]
    if (value === undefined) continue
    if (typeof value === 'number') {
      if (!isJsonNumber(value)) throw failed(`The environment failed: info.${key} ${numberFault(value)}`)
      info[key] = value === 0 ? 0 : value
    } else if (typeof value === 'string' || typeof value === 'boolean') info[key] = value
    else {
      throw failed(
        `The environment gave an info that is not flat at "${key}": only texts, numbers and booleans are.`,
      )
    }
  }
  return info
}

function requireCarried(value: unknown, name: string): unknown {
  try {
    return plainJson(value, name)
  } catch (error) {
    throw failed(`The environment failed: ${(error as Error).message}`, error)
  }
}

function failed(message: string, cause?: unknown): OpenEnvError {
  return new OpenEnvError('EXECUTION_ERROR', message, { cause })
}

/** What the environment shows of its state, as its schema says, sharing nothing with what is inside. */
export function viewed(schema: z.ZodType, shown: unknown): object {
  const parsed = schema.safeParse(shown)
  if (parsed.success) {
    try {
      return copyPlainJson(parsed.data, 'state') as object
    } catch (error) {
      throw failed(`The environment failed: ${(error as Error).message}`, error)
    }
  }
  throw failed('The environment gave a state view that breaks its own schema.', parsed.error)
}
