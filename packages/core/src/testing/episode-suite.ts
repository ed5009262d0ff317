import type { AnyEnvironment } from '../environment.ts'
import type { Episode, Reply } from '../episode.ts'
import { isOpenEnvError } from '../errors.ts'
import { openLocal } from '../local.ts'
import { expectEqual, expectError, supported } from './expectation.ts'
import { sampleActions } from './sample-actions.ts'

/** Opens one more episode, not reset yet; the case that opened it closes it. */
export type OpenEpisode = () => Episode | Promise<Episode>

/** One statement about episodes, for any test runner: `it(name, run)`. */
export interface EpisodeCase {
  readonly name: string
  readonly run: () => Promise<void>
}

/** Options of {@link episodeSuite}. */
export interface EpisodeSuiteOptions {
  /** The actions of every case, as sent; by default sampled from the action's schema. */
  readonly actions?: readonly unknown[]
  /** Of every reset, in every case. */
  readonly seed?: number
}

type Case = (suite: Suite) => Promise<void>

interface Suite {
  readonly open: OpenEpisode
  readonly environment: AnyEnvironment
  readonly actions: readonly unknown[]
  readonly seed: number
}

/**
 * What holds for every episode of an environment, in this process or behind a socket, stated once.
 *
 * Actions are sampled from the action's schema; what they should lead to is what a local episode answers.
 *
 * @param environment - A deterministic one.
 * @example
 * for (const { name, run } of episodeSuite(echo, () => connect(url))) it(name, run)
 */
export function episodeSuite(
  environment: AnyEnvironment,
  open: OpenEpisode,
  options: EpisodeSuiteOptions = {},
): readonly EpisodeCase[] {
  const { seed = 7, actions = sampleActions(environment, seed, 4) } = options
  const suite: Suite = { open, environment, actions, seed }
  return Object.entries(CASES).map(([name, run]) => ({ name, run: () => run(suite) }))
}

const CASES: Readonly<Record<string, Case>> = {
  'answers what a local episode answers, reset and steps': async ({ open, environment, actions, seed }) => {
    await using local = openLocal(environment)
    await using episode = await open()
    expectEqual('the reset', await episode.reset({ seed }), await local.reset({ seed }))
    for (const [index, action] of actions.entries()) {
      if (local.status !== 'running') break
      const expected = await local.step(action)
      expectEqual(`step ${String(index + 1)}`, await episode.step(action), expected)
    }
  },

  'has no id and no steps before the first reset': async ({ open }) => {
    await using episode = await open()
    expectEqual('the state', await episode.state(), { episodeId: null, stepCount: 0 })
  },

  'refuses a step before the first reset, and can be used afterwards [OE-5]': async ({
    open,
    actions,
    seed,
  }) => {
    await using episode = await open()
    const error = await expectError('the step', 'EXECUTION_ERROR', episode.step(actions[0]))
    expectEqual('the message names reset', error.message.includes('reset'), true)
    expectEqual('the count', (await episode.state()).stepCount, 0)
    expectEqual('the reset', (await episode.reset({ seed })).reward, null)
  },

  'counts steps, and starts over at a reset': async ({ open, actions, seed }) => {
    await using episode = await open()
    const first = await episode.reset({ seed })
    const played = await play(episode, actions)
    expectEqual('the count', (await episode.state()).stepCount, played.length)
    expectEqual('the second reset', await episode.reset({ seed }), first)
    expectEqual('the count after it', (await episode.state()).stepCount, 0)
    expectEqual('the same actions again', await play(episode, actions), played)
  },

  'gives the same start and replies for the same seed and actions, in two episodes at once [OE-4]': async (
    suite,
  ) => {
    const { open, actions, seed } = suite
    await using one = await open()
    await using other = await open()
    expectEqual('the starts', await one.reset({ seed }), await other.reset({ seed }))
    const [left, right] = await Promise.all([play(one, actions), play(other, actions)])
    expectEqual('the replies', left, right)
  },

  'keeps the id that it is given, and makes one up otherwise': async ({ open, seed }) => {
    await using episode = await open()
    await episode.reset({ seed, episodeId: 'an-id-of-mine' })
    expectEqual('the id', (await episode.state()).episodeId, 'an-id-of-mine')
    await episode.reset({ seed })
    const { episodeId: first } = await episode.state()
    await episode.reset({ seed })
    const { episodeId: second } = await episode.state()
    expectEqual('made-up ids are texts', [typeof first, typeof second], ['string', 'string'])
    expectEqual('made-up ids differ', first === second, false)
  },

  'shows a seed that was drawn and none that was given, and the drawn one starts the same [OE-4]': async ({
    open,
    seed,
  }) => {
    await using episode = await open()
    const drawn = await episode.reset()
    const { seed: shown } = await episode.state()
    expectEqual('the drawn seed is an integer', Number.isSafeInteger(shown), true)
    // A seed alone would choose the task too; a reset without one takes the first.
    const again = { seed: shown ?? 0, index: 0 }
    expectEqual('the start', await episode.reset(again), drawn)
    await episode.reset({ seed })
    expectEqual('a given seed in the state', 'seed' in (await episode.state()), false)
  },

  'refuses seeds that are none and tasks that do not exist, and stays where it was': async ({
    open,
    actions,
    seed,
  }) => {
    await using episode = await open()
    await episode.reset({ seed, episodeId: 'kept' })
    const played = await play(episode, actions.slice(0, 1))
    for (const bad of [-1, 1.5, 2 ** 53]) {
      await expectError(`the seed ${String(bad)}`, 'VALIDATION_ERROR', episode.reset({ seed: bad }))
    }
    const taskId = 'there is no such task'
    const error = await expectError('an unknown task', 'VALIDATION_ERROR', episode.reset({ taskId }))
    expectEqual('the message names the task', error.message.includes(taskId), true)
    const { episodeId: id, stepCount: count } = await episode.state()
    expectEqual('the episode', [id, count], ['kept', played.length])
  },

  'answers calls that were made at once in their order': async ({ open, environment, actions, seed }) => {
    await using local = openLocal(environment)
    await local.reset({ seed })
    const expected = await play(local, actions)
    await using episode = await open()
    const reset = episode.reset({ seed })
    const steps = expected.map((_reply, index) => episode.step(actions[index]))
    const [replies, state] = await Promise.all([Promise.all(steps), episode.state(), reset])
    expectEqual('the replies', replies, expected)
    expectEqual('the count', state.stepCount, expected.length)
  },

  'refuses, or counts, what is no action, and goes on as if nothing else had been sent [OE-2]': async (
    suite,
  ) => {
    const { open, environment, actions, seed } = suite
    await using local = openLocal(environment)
    await using episode = await open()
    await local.reset({ seed })
    await episode.reset({ seed })
    for (const bad of NO_ACTIONS) {
      const expected = await outcome(local, bad)
      const received = await outcome(episode, bad)
      expectEqual(`the answer to ${JSON.stringify(bad)}`, received, expected)
      expectEqual('the count after it', (await episode.state()).stepCount, local.stepCount)
    }
    expectEqual('what follows', await play(episode, actions), await play(local, actions))
  },

  'refuses a step after the end, and counts nothing [OE-5]': async ({ open, environment, seed }) => {
    await using local = openLocal(environment)
    const actions = sampleActions(environment, seed, 60)
    await local.reset({ seed })
    const expected = await play(local, actions)
    // An environment that does not end in sixty steps has no end to look at.
    if (local.status === 'running') return
    await using episode = await open()
    await episode.reset({ seed })
    expectEqual('the replies', await play(episode, actions), expected)
    const error = await expectError('the step', 'EXECUTION_ERROR', episode.step(actions[0]))
    expectEqual('the message names reset', error.message.includes('reset'), true)
    expectEqual('the count', (await episode.state()).stepCount, expected.length)
    expectEqual('the next start', await episode.reset({ seed }), await local.reset({ seed }))
  },

  'gives away a copy of its state': async ({ open, seed }) => {
    await using episode = await open()
    await episode.reset({ seed })
    const state = await episode.state()
    const kept = structuredClone(state)
    for (const key of Object.keys(state)) Reflect.set(state, key, 'changed')
    expectEqual('the state', await episode.state(), kept)
  },

  'rejects with the reason of a signal that is aborted already, and does nothing': async ({
    open,
    actions,
    seed,
  }) => {
    await using episode = await open()
    await episode.reset({ seed })
    const reason = new Error('changed my mind')
    const signal = AbortSignal.abort(reason)
    for (const call of [
      episode.step(actions[0], { signal }),
      episode.reset({ seed, signal }),
      episode.state({ signal }),
    ]) {
      const received = await call.then(
        () => 'an answer',
        (error: unknown) => error,
      )
      expectEqual('the reason', received === reason, true)
    }
    expectEqual('the count', (await episode.state()).stepCount, 0)
  },

  'is over once closed: later calls are rejected, and closing again does nothing': async ({
    open,
    actions,
    seed,
  }) => {
    const episode = await open()
    await episode.reset({ seed })
    await episode.close()
    await episode.close()
    await expectError('a step', 'CANCELLED', episode.step(actions[0]))
    await expectError('a reset', 'CANCELLED', episode.reset({ seed }))
    await expectError('the state', 'CANCELLED', episode.state())
  },

  'forks into an episode of its own, or says NOT_SUPPORTED': async ({ open, actions, seed }) => {
    await using episode = await open()
    await episode.reset({ seed })
    await play(episode, actions.slice(0, 1))
    const before = await episode.state()
    const twin = await supported(episode.fork())
    if (twin === null) return
    const rest = actions.slice(1)
    const ahead = await play(twin, rest)
    expectEqual('the state of the original', await episode.state(), before)
    expectEqual('the ids differ', (await twin.state()).episodeId === before.episodeId, false)
    await twin.close()
    expectEqual('the same actions in the original', await play(episode, rest), ahead)
  },

  'goes on elsewhere from a snapshot written as JSON, or says NOT_SUPPORTED': async ({
    open,
    actions,
    seed,
  }) => {
    await using episode = await open()
    await episode.reset({ seed })
    await play(episode, actions.slice(0, 2))
    const before = await episode.state()
    const snapshot = await supported(episode.snapshot())
    if (snapshot === null) return
    const text = JSON.stringify(snapshot)
    const ahead = await play(episode, actions.slice(2))
    await using other = await open()
    await other.restore(JSON.parse(text) as typeof snapshot)
    expectEqual('the state', await other.state(), before)
    expectEqual('the same actions there', await play(other, actions.slice(2)), ahead)
  },
}

/** JSON that no environment takes for an action: objects that are none, and what is not even an object. */
const NO_ACTIONS: readonly unknown[] = [
  { 'there is no such field': 1 },
  JSON.parse('{"__proto__": {"polluted": true}}'),
  null,
  'text',
  7,
  [],
]

/** Steps until the actions or the episode end. */
async function play(episode: Episode, actions: readonly unknown[]): Promise<readonly object[]> {
  const replies: object[] = []
  for (const action of actions) {
    let reply: Reply<unknown>
    try {
      reply = await episode.step(action)
    } catch (error) {
      // Where an episode forked or restored at its end is, only the step itself tells.
      if (isOpenEnvError(error) && error.code === 'EXECUTION_ERROR' && replies.length === 0) return replies
      throw error
    }
    replies.push(reply)
    if (reply.done) break
  }
  return replies
}

async function outcome(episode: Episode, action: unknown): Promise<unknown> {
  try {
    return await episode.step(action)
  } catch (error) {
    return isOpenEnvError(error) ? error.code : String(error)
  }
}
