import type { AnyEnvironment } from '@openenv-ts/core'
import { declaredKeys, plainJson } from '@openenv-ts/core/host'
import { z } from 'zod'
import type { Answer, Operation } from './protocol.ts'

const Count = z.int().min(0)
const Reply = z.looseObject({
  observation: z.unknown(),
  reward: z.number().nullable(),
  status: z.enum(['running', 'terminated', 'truncated']),
  done: z.boolean(),
  info: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  terms: z
    .array(
      z.strictObject({
        name: z.string(),
        value: z.number(),
        weight: z.number(),
        evidence: z.json().optional(),
      }),
    )
    .optional(),
})
type Reply = z.infer<typeof Reply>
const State = z.looseObject({ episodeId: z.string().nullable(), stepCount: Count })
const Snapshot = z.looseObject({
  format: z.literal('openenv-ts/snapshot@2'),
  episodeId: z.string(),
  stepCount: Count,
  reply: Reply,
})

/**
 * Says why an answer is none to this operation, in the words that follow on "it answered with"; null when it is one.
 *
 * @param environment - Where it is known, its schemas and its range of rewards are held against the answer.
 */
export function answerFault(
  { op }: Operation,
  { value, error, reached }: Answer,
  environment: AnyEnvironment | null,
): string | null {
  if (error !== undefined) return value === undefined ? null : 'a value and an error'
  switch (op) {
    case 'reset':
    case 'step':
    case 'restore':
      return movingFault(value, reached, environment)
    case 'state':
      return State.safeParse(value).success ? viewFault(value as object, environment) : 'no state'
    case 'prompt':
      return value === null || typeof value === 'string' ? null : 'no prompt'
    case 'snapshot':
      return Snapshot.safeParse(value).success ? null : 'no snapshot'
    case 'fork':
      return reached === undefined ? 'no episode' : null
    case 'close':
      return value === undefined ? null : 'something'
  }
}

function movingFault(
  value: unknown,
  reached: Answer['reached'],
  environment: AnyEnvironment | null,
): string | null {
  const { success, data: reply } = Reply.safeParse(value)
  if (!success) return 'no reply'
  if (reached === undefined) return 'a reply and not where the episode stands'
  if (reply.status !== reached.status || reply.done !== (reply.status !== 'running')) {
    return 'a reply that contradicts itself'
  }
  return environment === null ? null : replyFault(reply, environment)
}

function replyFault({ observation, reward }: Reply, environment: AnyEnvironment): string | null {
  if (!environment.observation.safeParse(observation).success) return 'an observation that breaks its schema'
  if (!isCarried(observation)) return 'an observation that JSON cannot carry'
  const [low, high] = environment.rewardRange ?? [-Infinity, Infinity]
  return reward !== null && (reward < low || reward > high) ? 'a reward outside of its range' : null
}

function isCarried(value: unknown): boolean {
  try {
    plainJson(value, 'observation')
    return true
  } catch {
    return false
  }
}

/** What the episode itself says of its state. */
const OWN_KEYS = ['episodeId', 'stepCount', 'seed']

function viewFault(state: object, environment: AnyEnvironment | null): string | null {
  const view = environment?.view
  const { episodeId: id } = state as { readonly episodeId: string | null }
  if (view === undefined || id === null) return null
  const declared = declaredKeys(view)
  const shown = Object.entries(state).filter(([key]) => !OWN_KEYS.includes(key) || declared.has(key))
  return view.safeParse(Object.fromEntries(shown)).success ? null : 'a state that breaks its schema'
}
