import { describe, expect, it } from 'vitest'
import { sampleManifest, sampleRecord } from '../test/records.ts'
import type { EpisodeSummary } from './record.ts'
import { summaryOf } from './run-folder.ts'
import { summarize, type ScorableRun } from './summary.ts'

function episode(taskId: string, repeat: number, more: Partial<EpisodeSummary>): EpisodeSummary {
  const record = { ...sampleRecord(repeat), task_id: taskId, prev_hash: null, hash: 'x' }
  return { ...summaryOf(record), ...more }
}

function runOf(episodes: readonly EpisodeSummary[], repeats: number): ScorableRun {
  const tasks = [...new Set(episodes.map(({ task_id }) => task_id))].map((task_id) => ({
    task_id,
    split: null,
  }))
  return { dir: 'runs/x', manifest: sampleManifest({ tasks, repeats }), episodes }
}

const failed = { outcome: 'environment_error', score: null, return: null } as const

describe('a summary [OE-15]', () => {
  it('has exactly the fields of the contract, in order', () => {
    const usage = { requests: 1, prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 }
    const run = runOf([episode('a', 0, { score: 1, usage }), episode('b', 0, { score: 0.5, usage })], 1)
    const summary = summarize(run)
    expect(Object.keys(summary).join(', ')).toBe(
      'env, policy, model, seed, run, episodes, mean, ci95, pass_at, outcomes, usage, tasks',
    )
    expect(summary).toEqual({
      env: 'sums',
      policy: 'test',
      model: null,
      seed: 0,
      run: 'runs/x',
      episodes: 2,
      mean: 0.75,
      ci95: [expect.closeTo(-2.4265, 3), expect.closeTo(3.9265, 3)],
      pass_at: { 1: 0.5 },
      outcomes: { completed: 2 },
      usage: { requests: 2, prompt_tokens: 20, completion_tokens: 4, total_tokens: 24 },
      tasks: [
        { task_id: 'a', episodes: 1, mean: 1, pass_at: { 1: 1 } },
        { task_id: 'b', episodes: 1, mean: 0.5, pass_at: { 1: 0 } },
      ],
    })
  })

  it('takes the interval over tasks where there are two, else over episodes [OE-14]', () => {
    const one = [0, 1, 1, 1].map((score, repeat) => episode('a', repeat, { score }))
    expect(summarize(runOf(one, 4)).ci95?.[1]).toBeCloseTo(0.75 + (3.182446 * 0.5) / 2, 5)
    const two = [...one, ...[1, 1, 1, 1].map((score, repeat) => episode('b', repeat, { score }))]
    expect(summarize(runOf(two, 4)).ci95?.[1]).toBeCloseTo(
      0.875 + (12.7062 * Math.SQRT1_2 * 0.25) / Math.SQRT2,
      3,
    )
  })

  it('counts failed episodes beside the mean, never as 0 and never not at all', () => {
    const run = runOf([episode('a', 0, { score: 1 }), episode('a', 1, failed), episode('a', 2, failed)], 3)
    expect(summarize(run)).toMatchObject({
      episodes: 3,
      mean: 1,
      ci95: null,
      outcomes: { completed: 1, environment_error: 2 },
      pass_at: { 1: 1, 2: null, 3: null },
    })
  })

  it('has no mean where nothing has a score', () => {
    const run = runOf([episode('a', 0, failed), episode('b', 0, failed)], 1)
    expect(summarize(run)).toMatchObject({ mean: null, ci95: null, pass_at: { 1: null }, episodes: 2 })
  })

  it('gives pass@k for every k up to the repeats, at the given score', () => {
    const scores = [0.2, 0.6, 0.7]
    const run = runOf(
      scores.map((score, repeat) => episode('a', repeat, { score })),
      3,
    )
    expect(summarize(run).pass_at).toEqual({ 1: 0, 2: 0, 3: 0 })
    expect(summarize(run, { success: 0.65 }).pass_at).toEqual({
      1: expect.closeTo(1 / 3),
      2: expect.closeTo(2 / 3),
      3: 1,
    })
    expect(summarize(run, { success: 0.6 }).pass_at).toEqual({ 1: expect.closeTo(2 / 3), 2: 1, 3: 1 })
  })

  it('shows tasks that an unfinished run has not reached', () => {
    const run = runOf([episode('a', 0, { score: 1 })], 1)
    const manifest = sampleManifest({
      tasks: [
        { task_id: 'a', split: null },
        { task_id: 'z', split: null },
      ],
      repeats: 1,
    })
    expect(summarize({ ...run, manifest }).tasks[1]).toEqual({
      task_id: 'z',
      episodes: 0,
      mean: null,
      pass_at: { 1: null },
    })
  })
})
