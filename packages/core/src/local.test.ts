import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import guess from '@openenv-ts/examples/guess.ts'
import { manualClock } from './clock.ts'
import type { AnyEnvironment, TimeStep, Simulation, StepContext } from './environment.ts'
import type { Episode, Snapshot } from './episode.ts'
import { OpenEnvError } from './errors.ts'
import { defineToolEnvironment } from './tool-environment.ts'
import { openLocal } from './local.ts'
import type { LocalOptions } from './local-episode.ts'
import { counter } from './testing/index.ts'

/** An environment whose steps wait until the test lets them go, and that notes what happens to it. */
class Gate {
  readonly started: number[] = []
  readonly closed: number[] = []
  readonly signals: AbortSignal[] = []
  readonly #waiting: ((outcome: Error | null) => void)[] = []
  #starts = 0
  /** What the next frames show beside what they should. */
  broken: Partial<TimeStep<unknown>> = {}
  holdStart = false

  readonly environment: AnyEnvironment = {
    name: 'gate',
    description: 'Steps that wait.',
    version: '1.0.0',
    action: z.strictObject({ n: z.int() }),
    observation: z.strictObject({ seen: z.array(z.int()) }),
    rubric: [],
    limits: {},
    deterministic: true,
    concurrent: true,
    start: async ({ signal }) => {
      this.#starts += 1
      const id = this.#starts
      this.signals.push(signal)
      if (this.holdStart) await this.#pass()
      return this.#simulation(id, [])
    },
  }

  #simulation(id: number, seen: readonly number[]): Simulation<{ n: number }, unknown> {
    return {
      timeStep: {
        observation: { seen },
        reward: seen.length === 0 ? null : 0,
        status: 'running',
        info: {},
        ...this.broken,
      },
      step: async ({ n }, context: StepContext) => {
        this.started.push(n)
        this.signals.push(context.signal)
        await this.#pass()
        return this.#simulation(id, [...seen, n])
      },
      close: () => {
        this.closed.push(id)
      },
    }
  }

  #pass(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push((outcome) => {
        if (outcome === null) resolve()
        else reject(outcome)
      })
    })
  }

  /** Lets the oldest waiting call go on, or fail. */
  async open(outcome: Error | null = null): Promise<void> {
    await ticks()
    this.#waiting.shift()?.(outcome)
    await ticks()
  }
}

/** Lets everything happen that waits for nothing else. */
async function ticks(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

async function rejection(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'no rejection',
    (error: unknown) => error,
  )
}

describe('order', () => {
  it('starts a call only when the one before it is done', async () => {
    const gate = new Gate()
    await using episode = openLocal(gate.environment)
    await episode.reset()
    const calls = [episode.step({ n: 1 }), episode.step({ n: 2 }), episode.state()]
    await ticks()
    expect(gate.started).toEqual([1])
    await gate.open()
    expect(gate.started).toEqual([1, 2])
    await gate.open()
    const [first, second, state] = await Promise.all(calls)
    expect(first).toMatchObject({ observation: { seen: [1] } })
    expect(second).toMatchObject({ observation: { seen: [1, 2] } })
    expect(state).toMatchObject({ stepCount: 2 })
  })

  it('goes on with the next call after one that failed', async () => {
    const gate = new Gate()
    await using episode = openLocal(gate.environment)
    await episode.reset()
    const failing = rejection(episode.step({ n: 1 }))
    const next = episode.step({ n: 2 })
    await gate.open(new Error('broken'))
    await gate.open()
    expect(await failing).toMatchObject({
      code: 'EXECUTION_ERROR',
      message: 'The environment failed during step.',
    })
    expect((await next).observation).toEqual({ seen: [2] })
  })

  it('answers at once where nothing has to be waited for', async () => {
    await using episode = openLocal(counter)
    await episode.reset({ taskId: 'count-to-12' })
    const reply = episode.stepNow({ by: 1 })
    expect(reply).not.toBeInstanceOf(Promise)
    expect(reply).toMatchObject({ observation: { count: 1 } })
    const behind = episode.state()
    expect(episode.stepNow({ by: 1 })).toBeInstanceOf(Promise)
    expect((await behind).stepCount).toBe(1)
    await ticks()
    expect(() => episode.stepNow({ by: 'x' })).toThrow(OpenEnvError)
  })
})

describe('giving up', () => {
  it('rejects with the reason of the signal; the next call waits for what the step is still doing', async () => {
    const gate = new Gate()
    await using episode = openLocal(gate.environment)
    await episode.reset()
    const controller = new AbortController()
    const call = rejection(episode.step({ n: 1 }, { signal: controller.signal }))
    await ticks()
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await call).toBe(reason)
    expect(gate.signals.at(-1)?.aborted).toBe(true)
    const next = episode.step({ n: 2 })
    const impatient = new AbortController()
    const other = rejection(episode.step({ n: 3 }, { signal: impatient.signal }))
    await ticks()
    expect(gate.started).toEqual([1])
    impatient.abort(reason)
    expect(await other).toBe(reason)
    await gate.open()
    await gate.open()
    // Every position of this environment is an object of its own, so the step that was given up left nothing behind.
    expect((await next).observation).toEqual({ seen: [2] })
    expect((await episode.state()).stepCount).toBe(1)
  })

  describe.each(['honors the signal', 'runs to its end', 'fails late'] as const)(
    'a step of a world that is given up and %s',
    (way) => {
      it.each(['step', 'state', 'prompt'] as const)('lets the %s after it go on', async (call) => {
        const world = { done: [] as string[], late: (): void => undefined }
        const environment = defineToolEnvironment({
          name: 'workshop',
          description: 'Make things.',
          open: () => world,
          tools: {
            make: {
              description: 'Takes its time.',
              input: z.strictObject({}),
              run: (_world, _args, context) =>
                new Promise<string>((resolve, reject) => {
                  world.late = () => {
                    // Looked at only now: it is the signal of this step, whatever came after.
                    if (way === 'honors the signal' && context.signal.aborted) reject(new Error('stopped'))
                    else if (way === 'fails late') reject(new Error('no wood'))
                    else resolve('a chair')
                    if (way === 'runs to its end') world.done.push('made')
                  }
                }),
            },
            finish: {
              description: 'Ends it.',
              input: z.strictObject({}),
              final: true,
              run: () => world.done.push('finished'),
            },
          },
          rubric: { there: () => 1 },
        })
        await using episode = openLocal(environment)
        await episode.reset()
        const controller = new AbortController()
        const given = rejection(
          episode.step({ tool_name: 'make', arguments: {} }, { signal: controller.signal }),
        )
        await ticks()
        controller.abort(new Error('enough'))
        expect(await given).toEqual(new Error('enough'))
        expect(episode).toMatchObject({ status: 'running', broken: false, stepCount: 0, busy: false })
        const next =
          call === 'state'
            ? episode.state()
            : call === 'prompt'
              ? episode.prompt()
              : episode.step({ tool_name: 'finish', arguments: {} })
        await ticks()
        expect(world.done).toEqual([])
        world.late()
        await next
        const made = way === 'runs to its end'
        // What a world has done is done, and counts; its answer goes nowhere.
        expect(world.done[0]).toBe(made ? 'made' : call === 'step' ? 'finished' : undefined)
        if (call === 'state') expect(await next).toMatchObject({ stepCount: made ? 1 : 0 })
        if (call === 'step') {
          expect(await next).toMatchObject({
            status: 'terminated',
            reward: 1,
            terms: [{ name: 'there', value: 1, weight: 1 }],
          })
          expect(episode.stepCount).toBe(made ? 2 : 1)
        }
      })
    },
  )

  it('waits no longer for a step that was given up than the step may take', async () => {
    const gate = new Gate()
    await using episode = openLocal(gate.environment, { limits: { stepSeconds: 0.01 } })
    await episode.reset()
    const controller = new AbortController()
    const call = rejection(episode.step({ n: 1 }, { signal: controller.signal }))
    await ticks()
    controller.abort(new Error('enough'))
    expect(await call).toEqual(new Error('enough'))
    expect(await rejection(episode.step({ n: 2 }))).toMatchObject({ code: 'EXECUTION_ERROR', http: 409 })
    expect(episode.broken).toBe(true)
    expect((await episode.reset()).observation).toEqual({ seen: [] })
  })

  it.each(['reset', 'close'] as const)(
    'does not make a %s wait for a step that was given up',
    async (what) => {
      const gate = new Gate()
      const episode = openLocal(gate.environment)
      await episode.reset()
      const controller = new AbortController()
      const call = rejection(episode.step({ n: 1 }, { signal: controller.signal }))
      await ticks()
      controller.abort(new Error('enough'))
      await call
      const waiting = what === 'close' ? rejection(episode.step({ n: 2 })) : null
      await episode[what]()
      expect(gate.closed).toEqual([1])
      await gate.open()
      expect(gate.started).toEqual([1])
      if (waiting !== null) expect(await waiting).toMatchObject({ code: 'CANCELLED' })
      else expect(episode.reply?.observation).toEqual({ seen: [] })
      await episode.close()
    },
  )

  it('does not run a call whose signal was aborted while it waited', async () => {
    const gate = new Gate()
    await using episode = openLocal(gate.environment)
    await episode.reset()
    const controller = new AbortController()
    const first = episode.step({ n: 1 })
    const waiting = rejection(episode.step({ n: 2 }, { signal: controller.signal }))
    controller.abort(new Error('no longer'))
    await gate.open()
    await first
    expect(await waiting).toEqual(new Error('no longer'))
    expect(gate.started).toEqual([1])
  })

  it('closes an episode in the middle of a step: the step, and what waits, is rejected as CANCELLED', async () => {
    const gate = new Gate()
    const episode = openLocal(gate.environment)
    await episode.reset()
    const calls = [
      rejection(episode.step({ n: 1 })),
      rejection(episode.step({ n: 2 })),
      rejection(episode.reset()),
    ]
    await ticks()
    await episode.close()
    for (const call of calls) expect(await call).toMatchObject({ code: 'CANCELLED' })
    expect(gate.started).toEqual([1])
    expect(gate.closed).toEqual([1])
    expect(gate.signals.at(-1)?.aborted).toBe(true)
    expect(await rejection(episode.state())).toMatchObject({ code: 'CANCELLED' })
  })

  it('closes what a reset started too late', async () => {
    const gate = new Gate()
    gate.holdStart = true
    const episode = openLocal(gate.environment)
    const reset = rejection(episode.reset())
    await ticks()
    await episode.close()
    expect(await reset).toMatchObject({ code: 'CANCELLED' })
    expect(gate.closed).toEqual([])
    await gate.open()
    expect(gate.closed).toEqual([1])
  })

  it('starts nothing when it was closed before the reset got that far', async () => {
    const gate = new Gate()
    const episode = openLocal(gate.environment)
    const reset = rejection(episode.reset())
    await episode.close()
    expect(await reset).toMatchObject({ code: 'CANCELLED' })
    await ticks()
    expect(gate.signals).toEqual([])
  })

  it('closes the run before the next one starts, and once', async () => {
    const gate = new Gate()
    const episode = openLocal(gate.environment)
    await episode.reset()
    await episode.reset()
    expect(gate.closed).toEqual([1])
    await episode.close()
    await episode.close()
    expect(gate.closed).toEqual([1, 2])
  })
})

describe('limits', () => {
  it('truncates at the smaller of two limits on steps', async () => {
    await using episode = openLocal(counter, { limits: { steps: 2 } })
    await episode.reset({ taskId: 'count-to-12' })
    expect((await episode.step({ by: 1 })).status).toBe('running')
    expect(await episode.step({ by: 1 })).toMatchObject({ status: 'truncated', done: true })
    await using wide = openLocal(counter, { limits: { steps: 1000 } })
    await wide.reset({ taskId: 'count-to-12' })
    for (let step = 1; step < 10; step += 1) await wide.step({ by: 1 })
    expect((await wide.step({ by: 1 })).status).toBe('truncated')
  })

  it('keeps the end of the task over the limit that falls on the same step', async () => {
    await using episode = openLocal(counter, { limits: { steps: 1 } })
    await episode.reset({ taskId: 'count-to-3' })
    expect((await episode.step({ by: 3 })).status).toBe('terminated')
  })

  it('truncates when the seconds since reset are over, by the clock it was given', async () => {
    const clock = manualClock()
    await using episode = openLocal(counter, { clock, limits: { seconds: 5 } })
    await episode.reset({ taskId: 'count-to-12' })
    clock.advance(4999)
    expect((await episode.step({ by: 1 })).status).toBe('running')
    clock.advance(1)
    expect((await episode.step({ by: 1 })).status).toBe('truncated')
    await episode.reset({ taskId: 'count-to-12' })
    expect((await episode.step({ by: 1 })).status).toBe('running')
  })

  it('ends a step that takes too long with TIMEOUT, and needs a reset then', async () => {
    const gate = new Gate()
    await using episode = openLocal(gate.environment, { limits: { stepSeconds: 0.01 } })
    await episode.reset()
    expect(await rejection(episode.step({ n: 1 }))).toMatchObject({ code: 'TIMEOUT', http: 504 })
    expect(gate.signals.at(-1)?.aborted).toBe(true)
    expect(await rejection(episode.step({ n: 2 }))).toMatchObject({ code: 'EXECUTION_ERROR', http: 409 })
    expect((await episode.reset()).observation).toEqual({ seen: [] })
    await gate.open()
    expect((await episode.state()).stepCount).toBe(0)
  })
})

describe('what an environment does wrong', () => {
  it('turns every exception into an EXECUTION_ERROR that says nothing of it [OE-2]', async () => {
    const failing: AnyEnvironment = {
      ...counter,
      start: () => {
        throw new TypeError('/srv/gold.json is not readable')
      },
    }
    await using episode = openLocal(failing)
    const error = await rejection(episode.reset())
    expect(error).toMatchObject({
      code: 'EXECUTION_ERROR',
      message: 'The environment failed during reset.',
      http: 500,
    })
    expect((error as OpenEnvError).cause).toBeInstanceOf(TypeError)
    expect(episode.status).toBe('idle')
  })

  it('counts nothing and changes nothing when a step gives what it may not', async () => {
    const gate = new Gate()
    await using episode = openLocal(gate.environment)
    await episode.reset()
    const faults: readonly Partial<TimeStep<unknown>>[] = [
      { observation: { seen: 'x' } },
      { observation: { seen: [], more: 1 } },
      { reward: NaN },
      { reward: Infinity },
      { info: { nested: {} } as never },
      { info: { ratio: NaN } },
    ]
    for (const broken of faults) {
      gate.broken = broken
      const call = rejection(episode.step({ n: 1 }))
      await gate.open()
      expect(await call).toMatchObject({
        code: 'EXECUTION_ERROR',
        message: expect.stringMatching(/^The environment (gave|failed: (reward|info\.ratio) is )/) as string,
      })
      expect((await episode.state()).stepCount).toBe(0)
    }
    gate.broken = {}
    const call = episode.step({ n: 2 })
    await gate.open()
    expect((await call).observation).toEqual({ seen: [2] })
  })

  it('closes a run whose first time step is broken', async () => {
    const gate = new Gate()
    gate.broken = { observation: {} }
    await using episode = openLocal(gate.environment)
    expect(await rejection(episode.reset())).toMatchObject({ code: 'EXECUTION_ERROR' })
    expect(gate.closed).toEqual([1])
  })

  it('shows no state that breaks the schema of the view', async () => {
    const odd: AnyEnvironment = { ...counter, view: z.strictObject({ other: z.int() }) }
    await using episode = openLocal(odd)
    await episode.reset()
    expect(await rejection(episode.state())).toMatchObject({ code: 'EXECUTION_ERROR' })
  })

  it('shows without a view just the two fields that every state has [OE-1]', async () => {
    await using episode = openLocal(guess)
    await episode.reset({ seed: 1, episodeId: 'e' })
    expect(await episode.state()).toEqual({ episodeId: 'e', stepCount: 0 })
  })
})

describe('actions', () => {
  it('are validated strictly: "7" is no number, and unknown keys are refused by name [OE-3]', async () => {
    await using episode = openLocal(guess)
    await episode.reset({ seed: 1 })
    const agent: Episode = episode
    expect(await rejection(agent.step({ number: '7' }))).toMatchObject({
      code: 'VALIDATION_ERROR',
      http: 422,
      issues: [{ type: 'invalid_type', loc: ['number'], input: '7' }],
    })
    expect(await rejection(agent.step({ number: 7, nubmer: 8 }))).toMatchObject({
      message: 'Invalid action: nubmer: Unknown field.',
      issues: [{ type: 'extra_forbidden', loc: ['nubmer'], input: 8 }],
    })
    for (const number of [NaN, Infinity])
      expect(await rejection(agent.step({ number }))).toMatchObject({ code: 'VALIDATION_ERROR' })
    expect(episode.stepCount).toBe(0)
  })

  it('lose the `metadata` that Python clients send along, unless they declare it [OE-3]', async () => {
    await using episode = openLocal(guess)
    await episode.reset({ seed: 1 })
    const agent: Episode = episode
    expect((await agent.step({ number: 50, metadata: { trace: 1 } })).done).toBe(false)
    expect(await rejection(agent.step({ number: 'x', metadata: {} }))).toMatchObject({
      issues: [{ loc: ['number'] }],
    })
    const declaring: AnyEnvironment = {
      ...guess,
      action: z.strictObject({ number: z.int(), metadata: z.string() }),
    }
    await using own = openLocal(declaring)
    await own.reset({ seed: 1 })
    expect(await rejection(own.step({ number: 5, metadata: {} }))).toMatchObject({
      issues: [{ loc: ['metadata'] }],
    })
  })
})

describe('resets', () => {
  it('refuse what is none, naming the field, and leave the run as it is [OE-4]', async () => {
    await using episode = openLocal(counter)
    await episode.reset({ seed: 1, episodeId: 'kept' })
    await episode.step({ by: 1 })
    const bad: readonly [options: object, field: string][] = [
      [{ seed: -1 }, 'seed'],
      [{ seed: '7' }, 'seed'],
      [{ seed: 2 ** 53 }, 'seed'],
      [{ episodeId: 'x'.repeat(256) }, 'episode_id'],
      [{ taskId: 7 }, 'task_id'],
      [{ taskId: 'none' }, 'task_id'],
      [{ split: 'none' }, 'split'],
      [{ split: 7 }, 'split'],
      [{ split: 'train', index: 99 }, 'index'],
      [{ index: 0 }, 'split'],
      [{ split: 'train' }, 'index'],
      [{ index: 0.5 }, 'index'],
      [{ taskSpec: {} }, 'task_spec'],
      [{ taskSpec: 'x' }, 'task_spec'],
      [{ options: { from: 99 } }, 'from'],
      [{ options: { form: 1 } }, 'form'],
    ]
    for (const [options, field] of bad) {
      const error = await rejection(episode.reset(options))
      expect(error, field).toMatchObject({ code: 'VALIDATION_ERROR' })
      expect((error as OpenEnvError).issues[0]?.loc[0]).toBe(field)
    }
    expect(await episode.state()).toMatchObject({ episodeId: 'kept', stepCount: 1 })
  })

  it('take options by their schema, defaults included [OE-30]', async () => {
    await using episode = openLocal(counter)
    expect((await episode.reset({ options: { from: 2 } })).observation.count).toBe(2)
    expect((await episode.reset({})).observation.count).toBe(0)
  })

  it('draw a seed when none is given, and show it in the state only then [OE-4]', async () => {
    const options: LocalOptions = { drawSeed: () => 99, newEpisodeId: () => 'made-up' }
    await using episode = openLocal(counter, options)
    await episode.reset()
    expect(await episode.state()).toMatchObject({ seed: 99, episodeId: 'made-up' })
    const reply = await episode.reset({ seed: 5 })
    expect(await episode.state()).not.toHaveProperty('seed')
    expect(JSON.stringify(reply)).not.toContain('seed')
  })
})

describe('snapshots', () => {
  it('go on in another process, as if nothing had happened', async () => {
    const clock = manualClock()
    await using episode = openLocal(counter, { clock, limits: { seconds: 10 } })
    await episode.reset({ taskId: 'count-to-12', seed: 3 })
    const last = await episode.step({ by: 2, note: 'hé \ud800' })
    clock.advance(9000)
    const text = JSON.stringify(await episode.snapshot())
    const later = manualClock(Date.UTC(2030, 0, 1))
    await using other = openLocal(counter, { clock: later, limits: { seconds: 10 } })
    expect(await other.restore(JSON.parse(text) as Snapshot)).toEqual(last)
    expect(await other.state()).toEqual(await episode.state())
    expect(other.stepCount).toBe(1)
    expect(await other.step({ by: 1 })).toEqual(await episode.step({ by: 1 }))
    later.advance(1000)
    expect((await other.step({ by: 1 })).status).toBe('truncated')
  })

  it('refuse another environment, another version, and what is not a snapshot, and leave the run as it is', async () => {
    await using episode = openLocal(counter)
    await episode.reset({ seed: 1 })
    const snapshot = await episode.snapshot()
    const changed = (more: object): Snapshot => ({ ...snapshot, ...more })
    const bad: readonly unknown[] = [
      changed({ environment: { name: 'guess', version: '1.0.0' } }),
      changed({ environment: { name: 'counter', version: '2.0.0' } }),
      changed({ environment: undefined }),
      changed({ format: 'openenv-ts/snapshot@1' }),
      changed({ seed: -1 }),
      changed({ reply: { ...snapshot.reply, observation: {} } }),
      changed({ task: { id: 'gone' } }),
      null,
      'text',
      {},
    ]
    for (const each of bad) {
      expect(await rejection(episode.restore(each as Snapshot)), JSON.stringify(each)).toMatchObject({
        code: 'VALIDATION_ERROR',
      })
    }
    expect(
      await rejection(episode.restore(changed({ environment: { name: 'counter', version: '0' } }))),
    ).toMatchObject({
      message: 'The snapshot is of counter 0; this environment is counter 1.0.0.',
    })
    expect((await episode.state()).stepCount).toBe(0)
    expect(await rejection(episode.restore(changed({ state: { count: 'x' } })))).toMatchObject({
      code: 'VALIDATION_ERROR',
    })
  })

  it('are NOT_SUPPORTED, as forks are, where the environment does not offer them', async () => {
    const gate = new Gate()
    await using episode = openLocal(gate.environment)
    for (const call of [() => episode.fork(), () => episode.snapshot()]) {
      expect(await rejection(call())).toMatchObject({ code: 'EXECUTION_ERROR', http: 409 })
    }
    await episode.reset()
    for (const call of [() => episode.fork(), () => episode.snapshot()]) {
      expect(await rejection(call())).toMatchObject({ code: 'NOT_SUPPORTED', http: 501 })
    }
  })
})

describe('types', () => {
  it('come from the definition all the way', async () => {
    await using episode = openLocal(guess)
    await episode.reset({ seed: 7 })
    const next = await episode.step({ number: 50 })
    expectTypeOf(next.observation.hint).toEqualTypeOf<'start' | 'higher' | 'lower' | 'found'>()
    expectTypeOf(next.reward).toEqualTypeOf<number | null>()
    const branch = await episode.fork()
    expectTypeOf(branch).toEqualTypeOf(episode)
    const wrong = (): unknown => [
      // @ts-expect-error -- the action has a number
      episode.step({ nubmer: 50 }),
      // @ts-expect-error -- a text is no number
      episode.step({ number: '50' }),
      // @ts-expect-error -- no such hint
      next.observation.hint === 'warmer',
    ]
    expect(wrong).toBeTypeOf('function')
    await branch.close()
  })
})
