import { defineToolEnvironment, taskList } from '@openenv-ts/core'
import { z } from 'zod'

const tasks = taskList({
  train: [
    { id: 'rent', due: 700, gold: { payee: 'Landlord' } },
    { id: 'phone', due: 30, gold: { payee: 'Telco' } },
  ],
})

/** A world that acts on something of its own and cannot be taken down in a snapshot. */
export const ledger = defineToolEnvironment({
  name: 'ledger',
  description: 'Pay what is due.',
  version: '1.0.0',
  tasks,
  open: ({ task }) => ({
    paid: [] as { payee: string; amount: number }[],
    due: task.due,
    thread: process.pid,
  }),
  fork: (world) => ({ ...world, paid: [...world.paid] }),
  tools: {
    due: {
      description: 'What is due.',
      input: z.strictObject({}),
      run: ({ due }) => ({ due }),
    },
    pay: {
      description: 'Pays.',
      input: z.strictObject({ payee: z.string(), amount: z.int().min(1) }),
      run: async (world, payment) => {
        await Promise.resolve()
        if (payment.amount > world.due) throw new Error('That is more than is due.')
        world.paid.push(payment)
        return { paid: world.paid.length }
      },
    },
    finish: { description: 'Ends.', input: z.strictObject({}), final: true, run: () => 'done' },
  },
  rubric: {
    paid: (world, { task, gold }) =>
      world.paid.some(({ payee, amount }) => payee === gold.payee && amount === task.due),
  },
  prompt: (world) => `Due: ${String(world.due)}.`,
  limits: { steps: 20 },
  deterministic: true,
})

// eslint-disable-next-line import-x/no-default-export -- what an executor loads is a default export
export default ledger
