/** Limits that a rollout sets on an episode, on top of the environment's own. */
export interface RolloutLimits {
  /** Counted steps; the episode is truncated after them. */
  readonly steps?: number
  /** Seconds since the episode was opened; it is truncated even in the middle of a call. */
  readonly seconds?: number
  /** Tokens that the policy reported; looked at before each action. */
  readonly tokens?: number
  /** Refused actions in a row, after which the episode is an `agent_error`. */
  readonly refusals?: number
}
