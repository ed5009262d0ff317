import type { Manifest, UnchainedRecord } from '../src/record.ts'

/** A record as a rollout makes it; `repeat` tells one from another. */
export function sampleRecord(repeat: number, more: Partial<UnchainedRecord> = {}): UnchainedRecord {
  return {
    schema_version: 1,
    episode_id: `episode-${String(repeat)}`,
    task_id: 'tâsk',
    split: 'main',
    repeat,
    seed: repeat * 7,
    policy: 'test',
    steps: [
      {
        action: { text: `\ud83d\ude00 "quoted" \\ \u2028 ${String(repeat)}` },
        observation: { sum: 0.1 + 0.2, lone: '\ud800', list: [1e21, -1, null, true] },
        reward: 0.5,
        terms: [
          { name: 'hit', value: 1, weight: 1, evidence: { sum: 12 } },
          { name: 'effort', value: 1, weight: -0.5 },
        ],
        status: 'terminated',
        info: { score: 1, note: 'ok' },
      },
    ],
    outcome: 'completed',
    status: 'terminated',
    return: 0.5,
    score: 1,
    usage: null,
    started_at: '2026-01-02T03:04:05.678Z',
    duration_ms: 12,
    ...more,
  }
}

/** A manifest of an unfinished run of one task. */
export function sampleManifest(more: Partial<Manifest['settings']> = {}): Manifest {
  return {
    schema_version: 1,
    created_at: '2026-01-02T03:04:05.000Z',
    versions: {},
    settings: {
      env: 'sums',
      env_version: '1.2.3',
      url: null,
      policy: 'test',
      policy_settings: {},
      model: null,
      seed: 0,
      tasks: [{ task_id: 'tâsk', split: 'main' }],
      repeats: 3,
      group: false,
      limits: { steps: 1000, seconds: null, tokens: null, invalid_actions: 3 },
      ...more,
    },
  }
}
