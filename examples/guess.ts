// An environment is five small functions. Serve it, evaluate it, or test it:
//   npx openenv serve ./guess.ts
//   npx openenv eval ./guess.ts --policy random --repeats 100
import { definePureEnvironment } from '@openenv-ts/core'
import { z } from 'zod'

export default definePureEnvironment({
  name: 'guess',
  description: 'Find a whole number between 1 and 100 in seven tries.',
  action: z.strictObject({ number: z.int().min(1).max(100).describe('Your guess.') }),
  observation: z.strictObject({ hint: z.enum(['start', 'higher', 'lower', 'found']), triesLeft: z.int() }),
  state: z.strictObject({
    secret: z.int(),
    hint: z.enum(['start', 'higher', 'lower', 'found']),
    triesLeft: z.int(),
  }),

  initial: ({ random }) => ({ secret: random.integer(1, 100), hint: 'start', triesLeft: 7 }),
  transition: (state, { number }) => ({
    ...state,
    triesLeft: state.triesLeft - 1,
    hint: number === state.secret ? 'found' : number < state.secret ? 'higher' : 'lower',
  }),
  observe: ({ hint, triesLeft }) => ({ hint, triesLeft }),
  reward: { found: (state) => (state.hint === 'found' ? 1 : 0) },
  status: ({ hint, triesLeft }) =>
    hint === 'found' ? 'terminated' : triesLeft === 0 ? 'truncated' : 'running',
})
