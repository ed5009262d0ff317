// A policy of a few rules: it refunds each order that the customer names, in full, and answers.
import type { StatefulPolicy } from '@openenv-ts/rollout'
import type { ToolObservation } from '@openenv-ts/core/host'
import type { Order } from './shop.ts'

interface ToolCall {
  readonly tool_name: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** Plays without looking at the terms, so that there is something left to learn. */
export const baseline: StatefulPolicy<ToolCall, ToolObservation> = {
  name: 'baseline',
  start() {
    let request = ''
    let toRefund: readonly Order[] = []
    return (observation) => {
      if ('prompt' in observation) {
        const [, customer = '', words = ''] = /^(.+?) writes: "(.+)"/.exec(observation.prompt) ?? []
        request = words.toLowerCase()
        return { tool_name: 'find_orders', arguments: { customer } }
      }
      if (observation.tool_name === 'find_orders') {
        const orders = (observation.result?.data ?? []) as readonly Order[]
        toRefund = orders.filter(({ item }) => request.includes(item))
      }
      const [order, ...rest] = toRefund
      if (order === undefined) return { tool_name: 'answer', arguments: { text: 'It is done.' } }
      toRefund = rest
      return { tool_name: 'refund', arguments: { order: order.id, cents: order.cents } }
    }
  },
}
