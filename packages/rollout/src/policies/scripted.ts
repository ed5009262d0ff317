import { copyPlainJson } from '@openenv-ts/core/host'
import { firstValue, sampleValue } from '@openenv-ts/core/sample'
import { STOP, type StatelessPolicy } from '../policy.ts'

/** A policy that never acts: its episodes end where they start, completed and truncated, with the return 0. */
export function noopPolicy(): StatelessPolicy<never> {
  return { name: 'noop', act: () => STOP }
}

/**
 * A policy that always gives the same action: the given one, else the schema's first valid value.
 *
 * A given action is not checked here: what the environment makes of it is the policy's result.
 *
 * @throws TypeError when the action is not JSON.
 */
export function constantPolicy(action?: unknown): StatelessPolicy<never> {
  if (action === undefined) {
    return { name: 'constant', act: (_observation, { actionSchema }) => firstValue(actionSchema) as never }
  }
  const fixed = copyPlainJson(action, 'action')
  return { name: 'constant', settings: { action: fixed }, act: () => fixed as never }
}

/** A policy that draws every action from the schema, fixed by the episode's seed. */
export function randomPolicy(): StatelessPolicy<never> {
  return {
    name: 'random',
    act: (_observation, { actionSchema, random }) => sampleValue(actionSchema, random) as never,
  }
}
