import { readdir, readFile, writeFile } from 'node:fs/promises'
import { openLocal, OpenEnvError, definePureEnvironment, type Episode } from '@openenv-ts/core'
import { describe, expect, it } from 'vitest'
import { addsUp, echo, frameOf, scratch, sums, unruly } from '../test/environments.ts'
import { noopPolicy, randomPolicy } from './policies/scripted.ts'
import type { PolicyContext } from './policy.ts'
import { rollout, type Run } from './rollout.ts'
import type { Progress, RolloutOptions } from './rollout-options.ts'
import { readRun } from './run-folder.ts'
import { localTarget, type Target } from './target.ts'

const nowhere = { out: false } as const

/** Whole records of a run, without what differs from one sitting to the next. */
async function comparable(dir: string): Promise<readonly unknown[]> {
  const found: { id: string; rest: unknown }[] = []
  for await (const record of (await readRun(dir)).records()) {
    const { started_at: _at, duration_ms: _ms, prev_hash: _prev, hash: _hash, ...rest } = record
    found.push({ id: record.episode_id, rest })
  }
  return found.sort((one, other) => (one.id < other.id ? -1 : 1)).map(({ rest }) => rest)
}

const tasksOf = (run: Run): readonly (string | null)[] => run.episodes.map(({ task_id }) => task_id)

describe('what is played', () => {
  it('is every task of the default split when nothing is named [OE-16]', async () => {
    const run = await rollout(sums, addsUp, nowhere)
    expect(tasksOf(run)).toEqual(['five', 'nine', 'twelve'])
    expect(run.episodes.map(({ split, repeat, score }) => [split, repeat, score])).toEqual([
      ['main', 0, 1],
      ['main', 0, 1],
      ['main', 0, 1],
    ])
    expect(run.finished).toBe(true)
  })

  it('is a split, or the named tasks, each once, in their order [OE-14]', async () => {
    expect(tasksOf(await rollout(sums, addsUp, { ...nowhere, split: 'extra' }))).toEqual(['twenty'])
    const named = await rollout(sums, addsUp, { ...nowhere, tasks: ['twenty', 'five', 'twenty'], repeats: 2 })
    expect(named.episodes.map(({ task_id, split, repeat }) => [task_id, split, repeat])).toEqual([
      ['twenty', 'extra', 0],
      ['twenty', 'extra', 1],
      ['five', 'main', 0],
      ['five', 'main', 1],
    ])
  })

  it('is one unnamed task for an environment without tasks', async () => {
    const run = await rollout(echo, () => ({ message: 'x' }), {
      ...nowhere,
      repeats: 3,
      limits: { steps: 1 },
    })
    expect(run.episodes.map(({ task_id, split, repeat }) => [task_id, split, repeat])).toEqual([
      [null, null, 0],
      [null, null, 1],
      [null, null, 2],
    ])
  })

  it.each<[RolloutOptions, RegExp]>([
    [{ tasks: ['six'] }, /no task "six"\. There are, among others: five, nine, twelve, twenty\./],
    [{ tasks: ['five'], split: 'extra' }, /no task "five"\. There are, among others: twenty\./],
    [{ tasks: [] }, /No task was named/],
    [{ split: 'test' }, /no split "test"\. There are: main, extra\./],
    [{ repeats: 0 }, /"repeats" is a whole number from 1, not 0/],
    [{ concurrency: 1.5 }, /"concurrency" is a whole number from 1, not 1\.5/],
    [{ seed: -1 }, /"seed" is a whole number from 0, not -1/],
    [{ limits: { steps: 0 } }, /"steps" is a whole number from 1, not 0/],
  ])('refuses %j before anything is played or written', async (options, message) => {
    await using place = await scratch()
    const started = rollout(sums, addsUp, { ...options, runsDir: place.dir })
    await expect(started).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(message) as string,
    })
    expect(await readdir(place.dir)).toEqual([])
  })
})

describe('seeds [OE-14]', () => {
  const noiseOf = async (options: RolloutOptions): Promise<Record<string, unknown[]>> => {
    const noise: Record<string, unknown[]> = {}
    const look = (observation: { noise: number; sum: number; target: number }): { add: number } => {
      const key = String(observation.target)
      if (observation.sum === 0) (noise[key] ??= []).push(observation.noise)
      return addsUp(observation)
    }
    await rollout(sums, look, { ...nowhere, concurrency: 1, repeats: 4, ...options })
    return noise
  }

  it('are fixed by seed, task and repeat, and unlike each other', async () => {
    const first = await noiseOf({ seed: 5 })
    expect(await noiseOf({ seed: 5 })).toEqual(first)
    expect(new Set(Object.values(first).flat()).size).toBe(12)
    expect(await noiseOf({ seed: 6 })).not.toEqual(first)
    expect(await noiseOf({})).toEqual(await noiseOf({ seed: 0 }))
  })

  it('do not depend on which other tasks are played', async () => {
    expect((await noiseOf({ tasks: ['nine'] }))['9']).toEqual((await noiseOf({}))['9'])
  })

  it('are one for all repeats of a task in a group, and another for another task', async () => {
    const grouped = await noiseOf({ group: true })
    const starts = Object.values(grouped).map((noise) => [...new Set(noise)])
    expect(starts.map(({ length }) => length)).toEqual([1, 1, 1])
    expect(new Set(starts.flat()).size).toBe(3)
    const run = await rollout(sums, addsUp, { ...nowhere, group: true, repeats: 3 })
    expect(new Set(run.episodes.map(({ episode_id }) => episode_id)).size).toBe(9)
  })
})

/** A target that counts how many episodes are open at once, and holds at most `capacity`. */
function counted(capacity = Infinity): { readonly target: Target; most: number; opened: number } {
  const seen = { most: 0, opened: 0, open: 0, target: localTarget(sums) }
  const open = (): Episode => {
    if (seen.open >= capacity) throw new OpenEnvError('CAPACITY_REACHED', 'Server is full.')
    seen.open += 1
    seen.opened += 1
    seen.most = Math.max(seen.most, seen.open)
    const episode = openLocal(sums)
    const close = episode.close.bind(episode)
    return Object.assign(episode, {
      close: () => {
        seen.open -= 1
        return close()
      },
    })
  }
  seen.target = { ...seen.target, open }
  return seen
}

const patient = async (observation: never): Promise<{ add: number }> => {
  await new Promise((resolve) => setImmediate(resolve))
  return addsUp(observation)
}

describe('concurrency', () => {
  it('is never more than asked for, and is made use of', async () => {
    for (const concurrency of [1, 3, 8]) {
      const seen = counted()
      await rollout(seen.target, patient, { ...nowhere, concurrency, repeats: 10 })
      expect([seen.most, seen.opened]).toEqual([concurrency, 30])
    }
  })

  it('is one for an environment that cannot run twice in a process', async () => {
    let [inside, most] = [0, 0]
    const alone = { ...unruly((go) => frameOf(go, 1, { status: 'terminated' })), concurrent: false }
    await rollout(
      alone,
      async () => {
        inside += 1
        most = Math.max(most, inside)
        await new Promise((resolve) => setImmediate(resolve))
        inside -= 1
        return { go: 'x' }
      },
      { ...nowhere, repeats: 5 },
    )
    expect(most).toBe(1)
  })

  it('fits itself to a server that is smaller, and loses no episode', async () => {
    const seen = counted(2)
    const run = await rollout(seen.target, patient, { ...nowhere, concurrency: 16, repeats: 10, retries: 0 })
    expect(run.episodes.map(({ outcome }) => outcome)).toEqual(Array(30).fill('completed'))
    expect(seen.most).toBe(2)
  })
})

describe('further tries', () => {
  /** Loses its connection at the first so many steps. */
  const shaky = (losses: number): Target & { readonly resets: number[] } => {
    let left = losses
    const resets: number[] = []
    const open = (): Episode => {
      const inner = openLocal(sums)
      const step = inner.step.bind(inner)
      const reset = inner.reset.bind(inner)
      return Object.assign(inner, {
        reset: (options?: { seed?: number }) => {
          resets.push(options?.seed ?? -1)
          return reset(options)
        },
        step: (action: { add: number }) => {
          left -= 1
          return left >= 0
            ? Promise.reject(new OpenEnvError('CONNECTION_ERROR', 'The line went dead.'))
            : step(action)
        },
      })
    }
    return { ...localTarget(sums), open, resets }
  }
  const quick = { ...nowhere, tasks: ['nine'], retryDelayMs: 1 }

  it('start afresh with the same seed, and leave one record', async () => {
    const target = shaky(2)
    const run = await rollout(target, addsUp as never, quick)
    expect(run.episodes).toMatchObject([{ outcome: 'completed', score: 1, step_count: 1 }])
    expect(target.resets).toEqual(Array(3).fill(target.resets[0]))
  })

  it('end: then it is an infrastructure_error without a score, and errors.jsonl says why', async () => {
    await using place = await scratch()
    const failures: Progress['failure'][] = []
    const run = await rollout(shaky(99), addsUp as never, {
      ...quick,
      out: place.path('run'),
      retries: 2,
      onProgress: ({ failure }) => {
        if (failure !== undefined) failures.push(failure)
      },
    })
    expect(run.episodes).toMatchObject([
      { outcome: 'infrastructure_error', score: null, return: null, status: 'running' },
    ])
    expect(run.finished).toBe(true)
    expect(failures).toEqual([{ during: 'step', code: 'CONNECTION_ERROR', message: 'The line went dead.' }])
    const notes = (await readFile(place.path('run/errors.jsonl'), 'utf8')).trim().split('\n')
    expect(notes.map((note) => (JSON.parse(note) as { try: number }).try)).toEqual([1, 2, 3])
  })

  it('are not made where they cannot help', async () => {
    let resets = 0
    const env = definePureEnvironment({
      ...echo.definition,
      initial: () => {
        resets += 1
        throw new Error('never')
      },
    })
    const run = await rollout(env, () => ({ message: '' }), { ...nowhere, retryDelayMs: 1 })
    expect(run.episodes).toMatchObject([{ outcome: 'environment_error' }])
    expect(resets).toBe(1)
  })
})

describe('the run folder [OE-16]', () => {
  it('is named for time, environment and policy, and a second one in the same second gets a number', async () => {
    await using place = await scratch()
    const runs = await Promise.all(
      [1, 2, 3].map(() => rollout(sums, noopPolicy(), { runsDir: place.path('runs') })),
    )
    const names = await readdir(place.path('runs'))
    expect(new Set(names).size).toBe(3)
    for (const name of names) expect(name).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-sums-noop(-\d)?$/)
    expect(runs.map(({ dir }) => dir).sort()).toEqual(names.map((name) => place.path(`runs/${name}`)).sort())
  })

  it('holds what makes the run again: settings, seed, limits, versions', async () => {
    await using place = await scratch()
    const out = place.path('deep/er/run')
    await rollout(sums, randomPolicy(), {
      out,
      seed: 7,
      repeats: 2,
      limits: { seconds: 60 },
      source: './sums.ts',
    })
    const manifest = JSON.parse(await readFile(`${out}/manifest.json`, 'utf8')) as Record<string, unknown>
    expect(manifest).toMatchObject({
      schema_version: 1,
      source: './sums.ts',
      settings: {
        env: 'sums',
        env_version: '1.2.3',
        url: null,
        policy: 'random',
        policy_settings: {},
        model: null,
        seed: 7,
        repeats: 2,
        group: false,
        tasks: [
          { task_id: 'five', split: 'main' },
          { task_id: 'nine', split: 'main' },
          { task_id: 'twelve', split: 'main' },
        ],
        limits: { steps: 1000, seconds: 60, tokens: null, invalid_actions: 3 },
      },
      versions: { node: process.version.slice(1) },
      episodes: 6,
    })
    expect(await readdir(out)).toEqual(['episodes.jsonl', 'manifest.json'])
  })

  it('must not exist', async () => {
    await using place = await scratch()
    await expect(rollout(sums, addsUp, { out: place.dir })).rejects.toMatchObject({ code: 'OUT_EXISTS' })
  })

  it('is written by one at a time', async () => {
    await using place = await scratch()
    const out = place.path('run')
    const second: unknown[] = []
    await rollout(
      sums,
      async (observation) => {
        second.push(await rollout(sums, addsUp, { out, resume: true }).catch((error: unknown) => error))
        return addsUp(observation)
      },
      { out, tasks: ['five'] },
    )
    expect(second).toMatchObject([{ code: 'RUN_LOCKED' }])
  })

  it('is the same for equal runs, apart from times', async () => {
    await using place = await scratch()
    for (const name of ['one', 'two'])
      await rollout(sums, randomPolicy(), { out: place.path(name), repeats: 5 })
    expect(await comparable(place.path('one'))).toEqual(await comparable(place.path('two')))
  })
})

describe('stopping and going on', () => {
  /** Stops a run after so many episodes. */
  async function stopped(
    out: RolloutOptions['out'],
    after: number,
    options: RolloutOptions = {},
  ): Promise<Run> {
    const controller = new AbortController()
    return rollout(sums, randomPolicy(), {
      ...(out === undefined ? {} : { out }),
      repeats: 6,
      concurrency: 3,
      ...options,
      signal: controller.signal,
      onProgress: ({ done }) => {
        if (done >= after) controller.abort()
      },
    })
  }

  it('leaves a valid run, which --resume ends: nothing lost, nothing twice', async () => {
    await using place = await scratch()
    const out = place.path('run')
    const first = await stopped(out, 5)
    expect(first.finished).toBe(false)
    expect(first.manifest.finished_at).toBeUndefined()
    expect(first.episodes.every(({ outcome }) => outcome === 'completed')).toBe(true)
    const before = (await readRun(out)).episodes.length
    expect(before).toBe(first.episodes.length)

    const progress: Progress[] = []
    const second = await rollout(sums, randomPolicy(), {
      out,
      repeats: 6,
      resume: true,
      onProgress: (p) => progress.push(p),
    })
    expect(progress[0]).toMatchObject({ done: before, resumed: before, total: 18 })
    expect(progress).toHaveLength(18 - before + 1)
    expect(second.finished).toBe(true)
    expect(second.episodes).toHaveLength(18)

    await rollout(sums, randomPolicy(), { out: place.path('unbroken'), repeats: 6 })
    expect(await comparable(out)).toEqual(await comparable(place.path('unbroken')))
  })

  it('may be stopped before the first episode', async () => {
    await using place = await scratch()
    const out = place.path('run')
    expect(await stopped(out, 0)).toMatchObject({ finished: false, episodes: [] })
    expect((await rollout(sums, randomPolicy(), { out, repeats: 6, resume: true })).episodes).toHaveLength(18)
  })

  it('plays nothing when the run is finished already', async () => {
    await using place = await scratch()
    const out = place.path('run')
    await rollout(sums, addsUp, { out })
    const before = await readFile(`${out}/manifest.json`, 'utf8')
    const again = await rollout(sums, addsUp, { out, resume: true })
    expect(again).toMatchObject({ finished: true, episodes: { length: 3 } })
    expect(await readFile(`${out}/manifest.json`, 'utf8')).toBe(before)
  })

  it('starts where there is nothing yet', async () => {
    await using place = await scratch()
    expect((await rollout(sums, addsUp, { out: place.path('new'), resume: true })).finished).toBe(true)
  })

  it('refuses other settings and names each difference', async () => {
    await using place = await scratch()
    const out = place.path('run')
    await stopped(out, 2)
    const other = rollout(sums, randomPolicy(), { out, repeats: 7, seed: 3, resume: true })
    await expect(other).rejects.toMatchObject({
      code: 'OTHER_SETTINGS',
      message: `The run in ${out} has other settings: seed is 0 there and 3 here; repeats is 6 there and 7 here.`,
    })
    // And the folder is free again.
    expect((await rollout(sums, randomPolicy(), { out, repeats: 6, resume: true })).finished).toBe(true)
  })

  it('finds the newest unfinished run of the same settings by itself', async () => {
    await using place = await scratch()
    const runsDir = place.path('runs')
    const options = { runsDir, repeats: 6, resume: true }
    await expect(rollout(sums, randomPolicy(), options)).rejects.toMatchObject({ code: 'NOTHING_TO_RESUME' })
    await rollout(sums, randomPolicy(), { runsDir, repeats: 6 })
    await expect(rollout(sums, randomPolicy(), options)).rejects.toMatchObject({ code: 'NOTHING_TO_RESUME' })
    const { dir } = await stopped(undefined, 3, { runsDir })
    await stopped(undefined, 3, { runsDir, seed: 9 })
    await writeFile(`${runsDir}/notes.txt`, 'not a run')
    expect(await rollout(sums, randomPolicy(), options)).toMatchObject({ dir, finished: true })
    await expect(rollout(sums, randomPolicy(), options)).rejects.toMatchObject({
      code: 'OTHER_SETTINGS',
      message: expect.stringContaining('seed is 9 there and 0 here') as string,
    })
  })

  it('rejects when the folder can no longer be written to, and stops the others', async () => {
    await using place = await scratch()
    let played = 0
    const started = rollout(sums, addsUp, {
      out: place.path('run'),
      repeats: 50,
      concurrency: 2,
      onProgress: ({ episode }) => {
        if (episode === undefined) return
        played += 1
        throw new Error('the screen is gone')
      },
    })
    await expect(started).rejects.toThrow('the screen is gone')
    expect(played).toBeLessThan(5)
    expect((await readRun(place.path('run'))).finished).toBe(false)
  })
})

describe('progress', () => {
  it('counts up to the total, with the mean so far', async () => {
    const seen: Progress[] = []
    await rollout(sums, addsUp, { ...nowhere, concurrency: 1, onProgress: (progress) => seen.push(progress) })
    expect(seen.map(({ done, total }) => [done, total])).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
      [3, 3],
    ])
    expect(seen.map(({ mean }) => mean)).toEqual([null, 1, 1, 1])
    expect(seen[1]?.episode?.steps).toHaveLength(1)
  })
})

describe('policies', () => {
  it('may be any async function, named for itself', async () => {
    const clever = async (
      observation: { sum: number; target: number },
      { index }: PolicyContext,
    ): Promise<{ add: number }> => {
      await Promise.resolve(index)
      return addsUp(observation)
    }
    const run = await rollout(sums, clever, nowhere)
    expect(run.episodes.every(({ policy, score }) => policy === 'clever' && score === 1)).toBe(true)
    const unnamed = await rollout(sums, (observation) => addsUp(observation), nowhere)
    expect(unnamed.manifest.settings.policy).toBe('policy')
  })
})
