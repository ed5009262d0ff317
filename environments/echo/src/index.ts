import { definePureEnvironment } from '@openenv-ts/core'
import { z } from 'zod'

/** What to say. */
export const EchoAction = z.strictObject({ message: z.string().describe('Any text.') })
/** What to say. */
export type EchoAction = z.infer<typeof EchoAction>
/** What was said. */
export const EchoObservation = z.strictObject({ message: z.string().describe('The text that was sent.') })
/** What was said. */
export type EchoObservation = z.infer<typeof EchoObservation>

/** Answers every message with the same message and the reward 0, and never ends by itself. */
export const echo = definePureEnvironment({
  name: 'echo',
  description: 'Say something and read it back.',
  version: '0.1.0',
  action: EchoAction,
  observation: EchoObservation,
  state: z.strictObject({ message: z.string() }),
  initial: () => ({ message: '' }),
  transition: (_state, { message }) => ({ message }),
  observe: ({ message }) => ({ message }),
  reward: {},
  status: () => 'running',
})

/** Says hello, and then what it was told: the simplest agent that does something. */
export function baseline({ message }: EchoObservation): EchoAction {
  return { message: message === '' ? 'Hello.' : message }
}

/** Earns all that there is to earn, which is nothing: every message has the reward 0. */
export const oracle = baseline

// A module given to the command default-exports its environment [OE-18].
export default echo
