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
    find: 'if (!this.#queue.busy) {',
    replace: '{',
  },
  {
    test: {
      file: 'packages/core/src/testing/check-environment.test.ts',
      title: 'a fork that holds what its original holds',
    },
    source: 'packages/core/src/testing/checks/positions.ts',
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
    source: 'packages/core/src/testing/checks/secrecy.ts',
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
    find: 'file.truncate(end)',
    replace: 'file.truncate(end - 1)',
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
  {
    test: { file: 'test/planes.test.ts', title: 'has no reset, no state and no tasks, as a type' },
    run: 'types',
    source: 'packages/core/src/tool.ts',
    find: '  listTools(): Promise<readonly Tool[]>\n  /** Calls one',
    replace: '  listTools(): Promise<readonly Tool[]>\n  reset?(): Promise<void>\n  /** Calls one',
  },
  {
    test: { file: 'test/planes.test.ts', title: 'is all that production mode serves' },
    source: 'packages/server/src/mounted-app.ts',
    find: '...(simulation ? controlRoutes(host) : []),',
    replace: '...controlRoutes(host),',
  },
  {
    test: {
      file: 'test/planes.test.ts',
      title: 'reaches the tools of one episode and nothing else by the address that an agent is given',
    },
    source: 'packages/server/src/sessions/session.ts',
    find: 'readonly agentId = crypto.randomUUID()',
    replace: 'get agentId() { return this.id }',
  },
  {
    test: {
      file: 'packages/server/src/socket/wire-session.test.ts',
      title: 'gives the late reply of an abandoned step to nobody else',
    },
    source: 'packages/server/src/sessions/sessions.ts',
    find: 'options.openEpisode ?? (() => openLocal(environment, { clock: this.#clock }))',
    replace:
      'options.openEpisode ?? ((shared) => () => shared)(openLocal(environment, { clock: this.#clock }))',
  },
  {
    test: {
      file: 'packages/core/src/testing/episode-suite.ts',
      title: 'gives the same start and replies for the same seed and actions, in two episodes at once [OE-4]',
    },
    run: { file: 'packages/core/src/testing/episode-suite.test.ts' },
    source: 'packages/core/src/local.ts',
    find: 'const seed = options.seed ?? (this.#options.drawSeed ?? drawSeed)()',
    replace: 'const seed = (this.#options.drawSeed ?? drawSeed)()',
  },
  {
    test: {
      file: 'packages/cli/src/replaying.test.ts',
      title: 'proves a run of a file equal, where the file is named by --env',
    },
    source: 'packages/rollout/src/replay.ts',
    find: 'const reset = { seed: record.seed,',
    replace: 'const reset = { seed: record.seed + 1,',
  },
  {
    test: {
      file: 'packages/cli/src/replaying.test.ts',
      title: 'shows any change to the file: one byte of it, by its line [OE-16]',
    },
    source: 'packages/rollout/src/chain.ts',
    find: "  if (hash !== expected) return { fault: { field: 'hash', expected, found: hash, episodeId } }\n",
    replace: '',
  },
  {
    test: {
      file: 'packages/rollout/src/replay.test.ts',
      title: 'finds %s that was changed, hashes made to fit',
    },
    source: 'packages/rollout/src/replay.ts',
    find: "  if (policy !== settings.policy) return differ(line, null, 'policy', settings.policy, policy)\n",
    replace: '',
  },
  {
    test: {
      file: 'packages/cli/src/play.test.ts',
      title: 'counts a dead model endpoint as infrastructure, exit code 1 [OE-15]',
    },
    source: 'packages/rollout/src/outcome.ts',
    find: "  'CONNECTION_ERROR',\n",
    replace: '',
  },
  {
    test: { file: 'test/lint/lint.test.ts', title: '%s is refused for %o and nothing else' },
    run: { file: 'test/lint/lint.test.ts', config: 'test/lint/vitest.config.ts' },
    source: 'eslint.config.js',
    find: "const MAY_SEE_GOLD = ['gold',",
    replace: "const MAY_SEE_GOLD = ['gold', 'observe',",
  },
  {
    test: { file: 'test/lint/lint.test.ts', title: '%s is refused for %o and nothing else' },
    run: { file: 'test/lint/lint.test.ts', config: 'test/lint/vitest.config.ts' },
    source: 'eslint.config.js',
    find: "imports: ['zod', 'pure-rand', 'fastest-levenshtein'],",
    replace: "imports: ['zod', 'pure-rand', 'fastest-levenshtein', ...ours('client', 'server')],",
  },
  {
    test: {
      file: 'packages/server/src/socket/transports.test.ts',
      title: 'counts an action that breaks the schema where the environment declares invalid [OE-2]',
    },
    source: 'packages/core/src/local.ts',
    find: 'return simulation.invalid(parsed.issues, context)',
    replace: "throw validationError('action', parsed.issues)",
  },
  {
    test: {
      file: 'packages/server/src/socket/transports.test.ts',
      title: 'refuses such an action and counts nothing where it does not [OE-2]',
    },
    source: 'packages/core/src/local.ts',
    find: "if (simulation.invalid === undefined) throw validationError('action', parsed.issues)",
    replace: 'if (simulation.invalid === undefined) return simulation',
  },
  {
    test: {
      file: 'packages/server/src/socket/bad-frames.test.ts',
      title: '%s: gets its code and harms nobody [OE-9]',
    },
    source: 'packages/core/src/wire/json.ts',
    find: "throw new OpenEnvError('INVALID_JSON', `Invalid JSON: ${reasonOf(error)}`)",
    replace: "throw new OpenEnvError('EXECUTION_ERROR', `Invalid JSON: ${reasonOf(error)}`)",
  },
  {
    test: {
      file: 'packages/server/src/socket/fuzz.test.ts',
      title: 'is answered frame by frame in order, and the socket still answers a good step',
    },
    source: 'packages/server/src/socket/episode-socket.ts',
    find: '    return this.#send(errorFrame(error))\n',
    replace: '    this.#end()\n    return this.#send(errorFrame(error))\n',
  },
  {
    test: {
      file: 'packages/server/src/limits/size.test.ts',
      title: 'closes a socket on the head of a 200 MiB message, before the message has come',
    },
    source: 'packages/server/src/node/upgrade.ts',
    find: 'maxPayload: app.maxMessageBytes,',
    // Without the option it would be ws's own bound.
    replace: 'maxPayload: 0,',
  },
  {
    test: {
      file: 'packages/server/src/limits/size.test.ts',
      title: 'takes 200 deep and 100,000 values, and not one more, on a socket and over HTTP',
    },
    source: 'packages/core/src/wire/json.ts',
    find: 'if (depth > maxDepth) throw',
    replace: 'if (depth > maxDepth + 1) throw',
  },
  {
    test: {
      file: 'packages/core/src/testing/check-environment.test.ts',
      title: 'an error that shows where in the code it came from',
    },
    source: 'packages/core/src/testing/checks/bad-input.ts',
    find: 'if (/\\n\\s+at |file:\\/\\/|node_modules/.test(errorText(error))) {',
    replace: 'if (/node_modules/.test(errorText(error))) {',
  },
  {
    test: {
      file: 'packages/cli/src/play.process.test.ts',
      title: 'by kill -9 goes on with --resume: nothing lost, nothing twice [OE-16]',
    },
    run: { file: 'packages/cli/src/play.process.test.ts', config: 'test/processes/vitest.config.ts' },
    source: 'packages/rollout/src/rollout.ts',
    find: 'plan.jobs.filter((job) => !done.has(job.episode_id))',
    replace: 'plan.jobs.filter(() => true)',
  },
  {
    test: {
      file: 'packages/server/src/socket/wire-session.test.ts',
      title: 'frees the slot of a dropped socket at once, even while a step is running',
    },
    source: 'packages/server/src/socket/slot.ts',
    find: 'if (!this.joined) void session?.close()',
    replace: '',
  },
  {
    test: {
      file: 'packages/server/src/sessions/http-session.test.ts',
      title: 'closes sessions that nobody used for 900 seconds, and only those [OE-8]',
    },
    source: 'packages/server/src/sessions/sessions.ts',
    find: 'const DEFAULT_IDLE_SECONDS = 900\n',
    replace: 'const DEFAULT_IDLE_SECONDS = 600\n',
  },
  {
    test: {
      file: 'packages/server/src/sessions/http-session.test.ts',
      title: 'holds no slot for a session whose first reset failed [OE-8]',
    },
    source: 'packages/server/src/routes/control.ts',
    find: '    if (existing === undefined) await session.close()\n',
    replace: '',
  },
  {
    test: {
      file: 'packages/core/src/testing/episode-suite.ts',
      title: 'answers what a local episode answers, reset and steps',
    },
    run: { file: 'test/client-server.test.ts' },
    source: 'packages/client/src/reply.ts',
    find: 'return replyFromWire(data)',
    replace: 'return { ...replyFromWire(data), info: {} }',
  },
  {
    test: {
      file: 'test/client-server.test.ts',
      title: 'is what a local episode is, to the letter of its types',
    },
    run: 'types',
    source: 'packages/client/src/options.ts',
    find: '  step(action: TAction, options?: CallOptions)',
    replace: '  step(action: object, options?: CallOptions)',
  },
  {
    test: { file: 'test/peers/python-server.test.ts', title: 'is played by an episode typed %s' },
    run: { file: 'test/peers/python-server.test.ts', config: 'test/peers/vitest.config.ts' },
    source: 'packages/client/src/reply.ts',
    find: 'return replyFromWire(data)',
    replace: 'return { ...replyFromWire(data), reward: null }',
  },
  {
    test: {
      file: 'packages/server/src/socket/numbers.test.ts',
      title: 'refuses %s in arguments, by its name and place, and calls nothing [OE-24]',
    },
    source: 'packages/core/src/wire/json.ts',
    find: '    if (at - digits >= LARGEST_WHOLE.length) requireWhole(bytes, start, digits, at)\n',
    replace: '',
  },
  {
    test: {
      file: 'packages/server/src/socket/numbers.test.ts',
      title: 'says which part of a result JSON cannot carry, and answers no null in its place',
    },
    source: 'packages/core/src/plain-json.ts',
    find: '  if (!Number.isFinite(value)) return false\n',
    replace: '',
  },
  {
    test: {
      file: 'packages/core/src/wire/json.test.ts',
      title: 'agrees with a reference on any JSON: the first literal at fault is named with its place',
    },
    source: 'packages/core/src/wire/json.ts',
    find: 'return whole + power > SAFE_EXPONENT',
    replace: 'return power > SAFE_EXPONENT',
  },
  {
    test: {
      file: 'test/peers/episodes.test.ts',
      title: 'plays $name, $style, eight at once, and sees every reply whole',
    },
    run: { file: 'test/peers/episodes.test.ts', config: 'test/peers/vitest.config.ts' },
    source: 'packages/server/src/socket/frame.ts',
    find: '"done":${String(done)}${outside}',
    replace: '"done":${String(done)}',
  },
  {
    test: { file: 'test/peers/checklist.test.ts', title: 'validates a server in %s mode' },
    run: { file: 'test/peers/checklist.test.ts', config: 'test/peers/vitest.config.ts' },
    source: 'packages/server/src/routes/info.ts',
    find: "{ body: { status: 'healthy' } }",
    replace: "{ body: { status: 'fine' } }",
  },
  {
    test: { file: 'test/wire-fixtures.test.ts', title: 'on /ws to $name' },
    source: 'packages/server/src/socket/frame.ts',
    find: '"done":${String(done)}${outside}',
    replace: '"done":${String(done)}',
  },
  {
    test: {
      file: 'packages/server/src/ors/listening.test.ts',
      title: 'runs a call to its end when the client goes away in the middle, and keeps the result',
    },
    source: 'packages/server/src/ors/calls.ts',
    find: 'const RETENTION_MS = 60_000',
    replace: 'const RETENTION_MS = 0',
  },
  {
    test: {
      file: 'packages/server/src/ors/call.test.ts',
      title: 'is for the session that made the call, and no other [ors]',
    },
    source: 'packages/server/src/ors/calls.ts',
    find: '  readonly #byTaskId = new Map<string, Kept>()\n',
    replace: '  static readonly #all = new Map<string, Kept>()\n  readonly #byTaskId = Calls.#all\n',
  },
  {
    test: {
      file: 'packages/server/src/ors/secrets.test.ts',
      title: 'reach no log, whatever the environment says of them [ors]',
    },
    source: 'packages/server/src/ors/session.ts',
    find: 'return withoutSecrets(error.cause ?? error, this.#start.secrets)',
    replace: 'return error.cause ?? error',
  },
  {
    test: {
      file: 'test/ors.test.ts',
      title: 'does not post a call again that broke off before it had a name: it may be running [ors]',
    },
    source: 'packages/client/src/ors/stream.ts',
    find: "return taskId !== null && error.code === 'CONNECTION_ERROR'",
    replace: "return error.code === 'CONNECTION_ERROR'",
  },
  {
    test: {
      file: 'packages/importer/src/hostile.test.ts',
      title: 'is never run: neither what it does on import, nor its configuration [IM-4]',
    },
    source: 'packages/importer/src/import.ts',
    find: '  const tree = readTree(folder)\n',
    replace:
      "  const tree = readTree(folder)\n  const { spawnSync } = await import('node:child_process')\n  spawnSync('python3', ['-c', 'import env'], { cwd: folder })\n",
  },
  {
    test: {
      file: 'test/imports/sources.test.ts',
      title: 'gives what its library gives, to our client, 16 at a time [IM-18]',
    },
    run: {
      file: 'test/imports/sources.test.ts',
      config: 'test/imports/vitest.config.ts',
      after: '$name is imported',
    },
    source: 'packages/python-bridge/python/openenv_bridge/ors.py',
    find: '            reward=_reward(output.reward),',
    replace: '            reward=0.0,',
  },
  {
    test: {
      file: 'test/imports/marked.test.ts',
      title: 'are on no byte that an agent receives, over MCP [IM-24]',
    },
    run: { file: 'test/imports/marked.test.ts', config: 'test/imports/vitest.config.ts' },
    source: 'packages/python-bridge/python/openenv_bridge/ors.py',
    find: 'self._gold.without(_json(output.metadata))',
    replace: '_json(output.metadata)',
  },
  {
    test: {
      file: 'packages/python-bridge/src/faults.process.test.ts',
      title: 'nothing is left when our side is killed with SIGKILL',
    },
    run: {
      file: 'packages/python-bridge/src/faults.process.test.ts',
      config: 'test/processes/vitest.config.ts',
    },
    source: 'packages/python-bridge/python/openenv_bridge/watchdog.py',
    find: 'os.killpg(group, signal.SIGKILL)',
    replace: 'pass',
  },
  {
    test: {
      file: 'packages/server/src/isolation/executor.test.ts',
      title: 'settles every call once, whatever it sends and in whatever order',
    },
    source: 'packages/server/src/isolation/executor.ts',
    find: '    this.#leave(true)\n    this.#over(how)\n    this.#transport.kill()\n',
    replace: '    this.#leave(true)\n    this.#transport.kill()\n',
  },
  {
    test: {
      file: 'packages/python-bridge/src/rpc.test.ts',
      title: 'settles every call, whatever comes and in whatever pieces',
    },
    source: 'packages/python-bridge/src/rpc.ts',
    find: '    for (const { reject } of waiting) reject(this.#gone)\n',
    replace: '',
  },
]
