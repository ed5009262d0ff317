import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { openLocal, OpenEnvError, definePureEnvironment } from '@openenv-ts/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addsUp, scratch, sums } from '../test/environments.ts'
import { chained, lineOf } from './chain.ts'
import { noopPolicy, randomPolicy } from './policies/scripted.ts'
import { EpisodeRecord, StepRecord } from './record.ts'
import { COMPARED_OF_RECORDS, COMPARED_OF_STEPS, replay } from './replay.ts'
import { rollout } from './rollout.ts'
import { readRun } from './run-folder.ts'

const open = (): ReturnType<typeof openLocal> => openLocal(sums)

/** Rewrites a run by hand, hashes and manifest included: what somebody does who knows the format. */
async function forge(dir: string, change: (record: EpisodeRecord) => void): Promise<void> {
  let head: string | null = null
  let log = ''
  for await (const record of (await readRun(dir)).records()) {
    change(record)
    const { prev_hash: _prev, hash: _hash, ...rest } = record
    const placed: EpisodeRecord = chained(rest, head)
    head = placed.hash
    log += `${lineOf(placed)}\n`
  }
  const manifest = JSON.parse(await readFile(`${dir}/manifest.json`, 'utf8')) as object
  await writeFile(`${dir}/episodes.jsonl`, log)
  await writeFile(`${dir}/manifest.json`, JSON.stringify({ ...manifest, head }))
}

describe('replay [OE-16]', () => {
  it('proves a run equal, byte for byte', async () => {
    await using place = await scratch()
    const run = await rollout(sums, randomPolicy(), { out: place.path('run'), repeats: 10 })
    const counted: string[] = []
    const result = await replay(place.path('run'), open, {
      onEpisode: (done, total) => counted.push(`${String(done)}/${String(total)}`),
    })
    const steps = run.episodes.reduce((sum, { step_count }) => sum + step_count, 0)
    expect(result).toEqual({ ok: true, episodes: 30, steps })
    expect(counted.at(-1)).toBe('30/30')
  })

  it('proves failed episodes, those without steps, and an unfinished run with a torn line', async () => {
    await using place = await scratch()
    await rollout(sums, noopPolicy(), { out: place.path('noop') })
    expect(await replay(place.path('noop'), open)).toEqual({ ok: true, episodes: 3, steps: 0 })
    const fails = (observation: { sum: number; target: number }): { add: number } => {
      if (observation.sum > 0) throw new Error('lost')
      return addsUp(observation)
    }
    await rollout(sums, fails, { out: place.path('fails'), split: 'extra' })
    expect(await replay(place.path('fails'), open)).toEqual({ ok: true, episodes: 1, steps: 1 })

    await rollout(sums, addsUp, { out: place.path('torn'), repeats: 2 })
    const log = await readFile(place.path('torn/episodes.jsonl'))
    const manifest = JSON.parse(await readFile(place.path('torn/manifest.json'), 'utf8')) as Record<
      string,
      unknown
    >
    const { finished_at: _at, head: _head, episodes: _episodes, ...unfinished } = manifest
    await writeFile(place.path('torn/manifest.json'), JSON.stringify(unfinished))
    await truncate(place.path('torn/episodes.jsonl'), log.length - 9)
    expect(await replay(place.path('torn'), open)).toMatchObject({ ok: true, episodes: 5 })
  })

  it('names the line of any one byte that was changed, put in or taken out', async () => {
    await using place = await scratch()
    await rollout(sums, addsUp, { out: place.path('run') })
    const path = place.path('run/episodes.jsonl')
    const whole = await readFile(path)
    const edit = fc.record({
      at: fc.nat(whole.length - 1),
      byte: fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from(' \n{}[]",:019.e'))),
      kind: fc.constantFrom('change' as const, 'insert' as const, 'remove' as const),
    })
    await fc.assert(
      fc.asyncProperty(edit, async ({ at, byte, kind }) => {
        const after = whole.subarray(kind === 'insert' ? at : at + 1)
        const edited = Buffer.concat([
          whole.subarray(0, at),
          Buffer.from(kind === 'remove' ? [] : [byte]),
          after,
        ])
        fc.pre(!edited.equals(whole))
        await writeFile(path, edited)
        const result = await replay(place.path('run'), open)
        const line = whole.subarray(0, at).filter((character) => character === 10).length + 1
        expect(result.ok).toBe(false)
        // A newline that is gone shows in the line that it ended; one that is doubled, in the empty line after it.
        const named = result.ok ? null : result.difference.line
        expect(named === line || (whole[at] === 10 && named === line + 1)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('finds every byte of a line', async () => {
    await using place = await scratch()
    await rollout(sums, addsUp, { out: place.path('run'), tasks: ['five'] })
    const path = place.path('run/episodes.jsonl')
    const whole = await readFile(path)
    for (let at = 0; at < whole.length; at += 1) {
      const edited = Buffer.from(whole)
      edited[at] = (whole[at] ?? 0) ^ 1
      await writeFile(path, edited)
      expect([at, (await replay(place.path('run'), open)).ok]).toEqual([at, false])
    }
  })

  it.each<[string, (record: EpisodeRecord) => void, object]>([
    [
      'an observation',
      ({ steps }) => Object.assign(steps[1]?.observation as object, { sum: 99 }),
      { step: 2, field: 'observation' },
    ],
    [
      'an action',
      ({ steps }) => Object.assign(steps[0]?.action as object, { add: 8 }),
      { step: 1, field: 'observation' },
    ],
    [
      'an info',
      ({ steps }) => Object.assign(steps[0]?.info ?? {}, { target: 13 }),
      { step: 1, field: 'info' },
    ],
    [
      'a status',
      ({ steps }) => Object.assign(steps[1] ?? {}, { status: 'truncated' }),
      { step: 2, field: 'status' },
    ],
    ['a seed', (record) => Object.assign(record, { seed: 1 }), { step: null, field: 'seed' }],
    ['a task', (record) => Object.assign(record, { task_id: 'nowhere' }), { step: null, field: 'task_id' }],
    ['a split', (record) => Object.assign(record, { split: 'extra' }), { step: null, field: 'split' }],
    ['a repeat', (record) => Object.assign(record, { repeat: 1 }), { step: null, field: 'repeat' }],
    [
      'an id',
      (record) => Object.assign(record, { episode_id: 'other' }),
      { step: null, field: 'episode_id' },
    ],
    ['a policy', (record) => Object.assign(record, { policy: 'better' }), { step: null, field: 'policy' }],
    [
      'an outcome',
      (record) => Object.assign(record, { outcome: 'agent_error', return: null, score: null }),
      { step: null, field: 'outcome' },
    ],
    ['an end', (record) => Object.assign(record, { status: 'truncated' }), { step: null, field: 'status' }],
    [
      'the value of a term',
      ({ steps }) => Object.assign(steps[1]?.terms[0] ?? {}, { value: 999 }),
      { step: 2, field: 'terms' },
    ],
    [
      'the weight of a term',
      ({ steps }) => Object.assign(steps[0]?.terms[1] ?? {}, { weight: 1 }),
      { step: 1, field: 'terms' },
    ],
    [
      'the name of a term',
      ({ steps }) => Object.assign(steps[0]?.terms[0] ?? {}, { name: 'luck' }),
      { step: 1, field: 'terms' },
    ],
    [
      'the evidence of a term',
      ({ steps }) => Object.assign(steps[0]?.terms[0] ?? {}, { evidence: 'made up' }),
      { step: 1, field: 'terms' },
    ],
    [
      'terms that are gone',
      ({ steps }) => Object.assign(steps[0] ?? {}, { terms: [] }),
      { step: 1, field: 'terms' },
    ],
    ['a return', (record) => Object.assign(record, { return: 1000 }), { step: null, field: 'return' }],
    ['a score', (record) => Object.assign(record, { score: 0.5 }), { step: null, field: 'score' }],
    [
      'a reward with its return',
      (record) => {
        Object.assign(record.steps[0] ?? {}, { reward: 5 })
        Object.assign(record, { return: 5.875 })
      },
      { step: 1, field: 'reward' },
    ],
    [
      'one step more',
      ({ steps }) =>
        steps.push({ ...(steps[0] as EpisodeRecord['steps'][number]), reward: null, info: { score: 1 } }),
      { step: 3, field: 'step' },
    ],
  ])('finds %s that was changed, hashes made to fit', async (_what, change, place_) => {
    await using place = await scratch()
    await rollout(sums, addsUp, { out: place.path('run'), tasks: ['twelve'] })
    await forge(place.path('run'), change)
    const result = await replay(place.path('run'), open)
    expect(result).toMatchObject({ ok: false, episodes: 0, difference: { line: 1, ...place_ } })
  })

  it('compares every field of a record and of a step but what was measured', () => {
    const measured = ['usage', 'started_at', 'duration_ms']
    const held = ['schema_version', 'steps', ...COMPARED_OF_RECORDS, ...measured]
    expect([...held].sort()).toEqual(Object.keys(EpisodeRecord.shape).sort())
    expect(['action', ...COMPARED_OF_STEPS].sort()).toEqual(Object.keys(StepRecord.shape).sort())
  })

  it('says in one sentence what differs', async () => {
    await using place = await scratch()
    await rollout(sums, addsUp, { out: place.path('run'), tasks: ['five', 'twelve'] })
    await forge(place.path('run'), ({ task_id, steps }) => {
      if (task_id === 'twelve') Object.assign(steps[1] ?? {}, { info: { score: 1, target: 11 } })
    })
    const result = await replay(place.path('run'), open)
    expect(result.ok ? '' : result.difference.message).toBe(
      'Line 2 (twelve, repeat 0), step 2: info differs: expected {"score":1,"target":11}, found {"reward.effort":1,"reward.hit":1,"score":1,"target":12,"task_id":"twelve"}.',
    )
  })

  it('finds an environment that is not what it was', async () => {
    await using place = await scratch()
    await rollout(sums, addsUp, { out: place.path('run') })
    const richer = definePureEnvironment({
      ...sums.definition,
      reward: { hit: ({ sum, target }) => (sum === target ? 2 : 0) },
    })
    const result = await replay(place.path('run'), () => openLocal(richer))
    expect(result).toMatchObject({
      ok: false,
      difference: { step: 1, field: 'reward', expected: '0.875', found: '2' },
    })
  })

  it('finds a manifest that speaks of other lines', async () => {
    await using place = await scratch()
    await rollout(sums, addsUp, { out: place.path('run') })
    const path = place.path('run/manifest.json')
    const manifest = JSON.parse(await readFile(path, 'utf8')) as object
    await writeFile(path, JSON.stringify({ ...manifest, episodes: 4 }))
    expect(await replay(place.path('run'), open)).toMatchObject({
      ok: false,
      difference: { line: null, field: 'episodes' },
    })
    await writeFile(path, JSON.stringify({ ...manifest, head: 'a'.repeat(64) }))
    expect(await replay(place.path('run'), open)).toMatchObject({
      ok: false,
      difference: { line: null, field: 'head' },
    })
  })

  it('rejects where there is no run, and where the environment cannot be reached', async () => {
    await using place = await scratch()
    await expect(replay(place.dir, open)).rejects.toMatchObject({ code: 'NO_RUN' })
    await rollout(sums, addsUp, { out: place.path('run') })
    const dead = (): never => {
      throw new OpenEnvError('CONNECTION_ERROR', 'Nobody is there.')
    }
    await expect(replay(place.path('run'), dead)).rejects.toMatchObject({ code: 'CONNECTION_ERROR' })
    await expect(
      replay(place.path('run'), open, { signal: AbortSignal.abort(new Error('stop')) }),
    ).rejects.toThrow('stop')
    await rm(place.path('run/episodes.jsonl'))
    expect(await replay(place.path('run'), open)).toMatchObject({
      ok: false,
      difference: { field: 'episodes' },
    })
  })
})
