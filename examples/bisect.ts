// A policy for number-quest: halves the range by the hints that it was given.
import type { PolicyFunction } from '@openenv-ts/rollout'

interface Reply {
  readonly result?: {
    readonly data: {
      readonly messages: readonly { readonly content: readonly { readonly text: string }[] }[]
    }
  } | null
}

const bisect: PolicyFunction<object, Reply> = (_observation, { history }) => {
  let [low, high] = [1, 99]
  for (const {
    observation: { result },
  } of history) {
    const hint = result?.data.messages[0]?.content[0]?.text ?? ''
    const guess = Math.floor((low + high) / 2)
    if (hint === 'Higher.') low = guess + 1
    else high = guess - 1
  }
  return { tool_name: 'submit', arguments: { completion: `Is it ${String(Math.floor((low + high) / 2))}?` } }
}

export default bisect
