import { isOpenEnvError, type ErrorCode } from '@openenv-ts/core'

/**
 * How an episode ended. Every one but `completed` has no score: an error is never a zero.
 *
 * - `completed`: terminated or truncated, or the policy stopped; what it earned counts.
 * - `agent_error`: the policy threw, or its actions were refused too often in a row.
 * - `environment_error`: the environment failed or took too long.
 * - `grader_error`: the environment ran to its end and gave no grade.
 * - `infrastructure_error`: a connection, a server's capacity or a model's endpoint failed.
 * - `cancelled`: the caller gave up. Never written to a run: the episode is still owed.
 */
export const OUTCOMES = [
  'completed',
  'agent_error',
  'environment_error',
  'grader_error',
  'infrastructure_error',
  'cancelled',
] as const
/** One of {@link OUTCOMES}. */
export type Outcome = (typeof OUTCOMES)[number]

/** What went wrong, for a person: never part of an episode's record, kept beside it in `errors.jsonl`. */
export interface Failure {
  /** Where it happened. */
  readonly during: 'open' | 'reset' | 'policy' | 'step' | 'end'
  /** A code of the error table, or the name of what the policy threw. */
  readonly code: string
  readonly message: string
}

/** Codes that blame what lies between policy and environment, or between policy and model. */
const INFRASTRUCTURE: ReadonlySet<ErrorCode> = new Set([
  'CONNECTION_ERROR',
  'CAPACITY_REACHED',
  'SESSION_ERROR',
  'CANCELLED',
])

/**
 * Whether an error blames the way to the environment, and not the environment.
 *
 * A connection that was lost between two calls is told as a call at the wrong time, caused by the loss.
 */
export function isInfrastructure(error: unknown): boolean {
  if (!isOpenEnvError(error)) return false
  return INFRASTRUCTURE.has(error.code) || (error.http === 409 && isInfrastructure(error.cause))
}
