import type { CallHooks } from './executor.ts'
import type { Answer, Operation, EpisodeStatus } from './protocol.ts'

/** How the calls on one episode get performed, one at a time. */
export interface Placement {
  /**
   * Performs a call.
   *
   * @throws OpenEnvError when the environment had no chance to answer: it took too long, or brought itself down.
   */
  perform(operation: Operation, hooks: CallHooks): Promise<Answer>
  /**
   * Tells the environment that the caller of the call at work waits no longer. What comes of it still counts; a call
   * that has not begun is given up.
   *
   * @returns Whether it had begun.
   */
  cancel(): boolean
  /**
   * Gives up the call at work; what comes of it is thrown away.
   *
   * @returns Whether it had begun.
   */
  giveUp(): boolean
  /** Says that what the episode left behind is in disorder: it goes on, from its next reset, in a fresh place. */
  discard(): void
  /** The placement of a fork of this episode. */
  fork(key: number, reached: EpisodeStatus): Placement
  /** Frees what the episode holds. */
  release(): Promise<void>
}

let keys = 0

/** A number for an episode that no other has in this process. */
export function newKey(): number {
  keys += 1
  return keys
}
