import { content, defineToolEnvironment, definePureEnvironment, taskList } from '@openenv-ts/core'
import { z } from 'zod'

/** Three doors, of which a task opens one. Tools of every temper. */
export const doors = defineToolEnvironment({
  name: 'doors',
  description: 'Find the open door.',
  version: '3.1.0',
  tasks: taskList({
    train: [
      { id: 'first', open: 1, gold: { door: 1 } },
      { id: 'third', open: 3, gold: { door: 3 } },
    ],
  }),
  open: ({ task }) => ({ open: task.open, tried: 0 }),
  prompt: () => 'Find the open one of three doors.',
  tools: {
    open_door: {
      description: 'Opens a door.',
      input: z.strictObject({ door: z.int().min(1).max(3) }),
      run: (world, { door }) => {
        world.tried += 1
        return door === world.open ? 'a garden' : 'a goat'
      },
    },
    count: { description: '', input: z.strictObject({}), run: ({ tried }) => tried },
    list: { description: 'Two things.', input: z.strictObject({}), run: () => ['a', 'b'] },
    nothing: { description: 'Says nothing.', input: z.strictObject({}), run: () => null },
    look: {
      description: 'Shows a picture.',
      input: z.strictObject({}),
      run: () => content([{ type: 'image', data: 'aGk=', mimeType: 'image/png' }], { seen: true }),
    },
    kick: {
      description: 'Hurts.',
      input: z.strictObject({}),
      run: () => {
        throw new Error('The door is not found to be harmed.')
      },
    },
    walk: {
      description: 'Takes its time.',
      input: z.strictObject({ steps: z.int(), each: z.int() }),
      run: async (_world, { steps, each }, { progress, signal }) => {
        for (let step = 1; step <= steps; step += 1) {
          progress({ progress: step, total: steps, message: `Step ${String(step)}` })
          // Repeats itself: a client must not hear it twice.
          progress({ progress: step, total: steps })
          await new Promise((resolve, reject) => {
            const timer = setTimeout(resolve, each)
            signal.addEventListener('abort', () => {
              clearTimeout(timer)
              reject(new Error('stopped'))
            })
          })
        }
        return steps
      },
    },
    leave: { description: 'Ends it.', input: z.strictObject({}), final: true, run: () => 'bye' },
  },
  rubric: { tried: ({ tried }) => tried },
})

const Point = z.strictObject({ x: z.int(), y: z.int() }).meta({ id: 'Point' })

/** Kinds of action, told apart by one field; a bad one is a counted step. */
export const moves = definePureEnvironment({
  name: 'moves',
  description: 'Go to the corner.',
  action: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('go'), to: Point }).describe('Goes somewhere.'),
    z.strictObject({ kind: z.literal('rest') }),
  ]),
  observation: z.strictObject({ at: Point }),
  state: z.strictObject({ at: Point, bad: z.int() }),
  initial: () => ({ at: { x: 0, y: 0 }, bad: 0 }),
  transition: (state, action) => (action.kind === 'go' ? { ...state, at: action.to } : state),
  observe: ({ at }) => ({ at }),
  reward: { there: ({ at }) => (at.x === 9 && at.y === 9 ? 1 : 0) },
  status: ({ at }) => (at.x === 9 && at.y === 9 ? 'terminated' : 'running'),
  invalid: (state) => ({ ...state, bad: state.bad + 1 }),
  info: ({ bad }) => ({ bad, description: 'Nine and nine is the corner.', routes: 'any' }),
})
