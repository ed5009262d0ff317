// The application as an environment: an agent answers customers who want their money back.
import { fromJsonl } from '@openenv-ts/core/node'
import { defineToolEnvironment } from '@openenv-ts/core'
import { z } from 'zod'
import { Shop } from './shop.ts'

const Refunds = z.array(z.strictObject({ order: z.string(), cents: z.int() }))
const Task = z.strictObject({
  id: z.string(),
  customer: z.string(),
  request: z.string(),
  // What is right. No tool and no observation can reach it.
  gold: z.strictObject({ refunds: Refunds }),
})

export default defineToolEnvironment({
  name: 'refunds',
  description: 'Answer customers of a shop who want their money back.',
  tasks: fromJsonl(new URL('tasks.jsonl', import.meta.url), Task),
  open: () => new Shop(),
  close: (shop) => {
    shop.close()
  },
  fork: (shop) => shop.copy(),
  deterministic: true,
  tools: {
    find_orders: {
      description: 'Lists the orders of a customer.',
      input: z.strictObject({ customer: z.string().describe('First and last name.') }),
      run: (shop, { customer }) => shop.ordersOf(customer),
    },
    refund: {
      description: 'Pays back a part of an order, or all of it.',
      input: z.strictObject({ order: z.string(), cents: z.int().min(1) }),
      run: (shop, { order, cents }) => shop.refund(order, cents),
    },
    answer: {
      description: 'Answers the customer. That ends the work.',
      input: z.strictObject({ text: z.string() }),
      final: true,
      terminal: true,
      run: () => 'Sent.',
    },
  },
  prompt: (_shop, { task }) =>
    `${task.customer} writes: "${task.request}"\n` +
    'Refund what our terms allow, then answer. Goods go back within 30 days of delivery, for the full price. ' +
    'Damaged goods are refunded at any time. A customer who keeps a damaged item gets half of its price.',
  rubric: {
    // The right orders with the right amounts.
    refunded: {
      weight: 0.7,
      score: (shop, { gold }) => {
        const made = shop.refunds().map((refund) => JSON.stringify(refund))
        const right = gold.refunds.filter((refund) => made.includes(JSON.stringify(refund))).length
        return {
          value: gold.refunds.length === 0 ? Number(made.length === 0) : right / gold.refunds.length,
          evidence: made,
        }
      },
    },
    // Nothing else was paid, and the customer was answered.
    nothingElse: {
      weight: 0.3,
      score: (shop, { gold, calls }) => {
        const due = gold.refunds.map((refund) => JSON.stringify(refund))
        const answered = calls.some(({ tool, ok }) => tool === 'answer' && ok)
        return answered && shop.refunds().every((refund) => due.includes(JSON.stringify(refund)))
      },
    },
  },
  rewardRange: [0, 1],
  limits: { steps: 12 },
})

export { baseline } from './baseline.ts'
