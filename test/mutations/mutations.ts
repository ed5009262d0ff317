import type { Mutation } from './mutation.ts'

/** For every test that INVARIANTS.md names, a change to a source that the test must notice. */
export const MUTATIONS: readonly Mutation[] = [
  {
    test: {
      file: 'packages/core/src/testing/episode-suite.ts',
      title: 'answers calls that were made at once in their order',
    },
    run: { file: 'packages/core/src/testing/episode-suite.test.ts' },
    source: 'packages/core/src/local.ts',
    find: 'if (!this.#turns.busy) {',
    replace: '{',
  },
  {
    test: {
      file: 'packages/core/src/testing/check-environment.test.ts',
      title: 'a fork that holds what its original holds',
    },
    source: 'packages/core/src/testing/promises/positions.ts',
    find: 'if (!same) return\n',
    replace: 'return\n',
  },
  {
    test: {
      file: 'packages/core/src/testing/check-environment.test.ts',
      title: 'a run that depends on what ran before: a counter in the module',
    },
    source: 'packages/core/src/testing/check-environment.ts',
    find: "await bench.test('determinism', () => checkDeterminism(bench, trace))",
    replace: '',
  },
  {
    test: {
      file: 'packages/core/src/testing/check-environment.test.ts',
      title: 'a start that depends on the time',
    },
    source: 'packages/core/src/testing/check-environment.ts',
    find: "await bench.test('determinism', () => checkDeterminism(bench, trace))",
    replace: '',
  },
  {
    test: {
      file: 'packages/core/src/testing/check-environment.test.ts',
      title: 'gold data in an observation, an info, the state or an error',
    },
    source: 'packages/core/src/testing/promises/secrecy.ts',
    find: "seenByAgent(bench, trace.start, 'info', info)",
    replace: '',
  },
  {
    test: {
      file: 'packages/rollout/src/run-episode.test.ts',
      title: 'is a grader_error when the task ended and nobody graded it, never a 0',
    },
    source: 'packages/rollout/src/run-episode.ts',
    find: "if (status === 'terminated' && !graded) {",
    replace: "if (status === 'truncated' && !graded) {",
  },
  {
    test: {
      file: 'packages/rollout/src/run-episode.test.ts',
      title: 'has no return, rather than 0, where it was cut off before anything was scored',
    },
    source: 'packages/rollout/src/score.ts',
    find: 'if (rewards.length === 0 && steps.length > 0) return null',
    replace: '',
  },
  {
    test: {
      file: 'packages/rollout/src/run-episode.test.ts',
      title:
        'is an environment_error when the environment throws; the log names the cause, the policy never sees it',
    },
    source: 'packages/rollout/src/run-episode.ts',
    find: "return failed(grading ? 'grader_error' : 'environment_error', failure, status)",
    replace: "return failed('agent_error', failure, status)",
  },
  {
    test: {
      file: 'packages/rollout/src/summary.test.ts',
      title: 'counts failed episodes beside the mean, never as 0 and never not at all',
    },
    source: 'packages/rollout/src/summary.ts',
    find: 'const scores = episodes.map(({ score }) => score).filter((score) => score !== null)',
    replace: 'const scores = episodes.map(({ score }) => score ?? 0)',
  },
  {
    test: {
      file: 'packages/rollout/src/run-writer.test.ts',
      title: 'repairs a line torn at any byte, and ends with the same log [OE-16]',
    },
    source: 'packages/rollout/src/run-writer.ts',
    find: 'await truncate(path, end)',
    replace: 'await truncate(path, end - 1)',
  },
  {
    test: { file: 'packages/rollout/src/run-lock.test.ts', title: 'lets exactly one of many in' },
    source: 'packages/core/src/lock-file.ts',
    find: "if (codeOf(error) === 'EEXIST') return false",
    replace: "if (codeOf(error) === 'EEXIST') return true",
  },
  {
    test: {
      file: 'packages/core/src/lock-file.test.ts',
      title: 'never admits two, however many race for the lock of a dead owner, and each in the end',
    },
    source: 'packages/core/src/lock-file.ts',
    find: "if ((await tryTake(right, draft)) !== 'mine') return",
    replace: '',
  },
  {
    test: {
      file: 'test/browser-safe.test.ts',
      title: 'reaches nothing of Node from %s',
    },
    source: 'packages/core/src/random.ts',
    find: "from 'pure-rand/distribution/uniformInt'",
    replace: "from 'pure-rand/distribution/uniformInt'\nimport 'node:fs'",
  },
]
