import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import emailTriage from '@openenv-ts/email-triage'
import { serve } from '@openenv-ts/server/node'
import { folder, lines } from '../test/command.ts'
import { openenv } from '../test/in-process.ts'

const GUESS = await readFile(new URL('../../../examples/guess.ts', import.meta.url), 'utf8')
/** Halves the range: finds every number in seven tries. */
const HALVING = `export default (_observation: unknown, { history }) => {
  let [low, high] = [1, 100]
  for (const { action, observation } of history) {
    if (observation.hint === 'higher') low = action.number + 1
    else high = action.number - 1
  }
  return { number: Math.floor((low + high) / 2) }
}
`
interface Line {
  readonly episode_id: string
  readonly repeat: number
  readonly outcome: string
  readonly steps: readonly unknown[]
}

async function recorded(dir: string): Promise<Line[]> {
  const text = await readFile(join(dir, 'episodes.jsonl'), 'utf8')
  return lines(text).map((line) => JSON.parse(line) as Line)
}

describe('openenv eval', () => {
  it('plays a file a hundred times, and prints scores, the run and what comes next', async () => {
    await using here = await folder({ 'guess.ts': GUESS })
    const { code, stdout, stderr } = await openenv(
      ['eval', './guess.ts', '--policy', 'random', '--repeats', '100'],
      { cwd: here.path },
    )
    expect(code).toBe(0)
    expect(stderr).toContain('100/100 episodes')
    expect(stdout).toMatch(/guess played by random: 100 episodes/)
    expect(stdout).toMatch(/Mean {2}0\.\d{3} ± 0\.\d{3} \(95 %: /)
    const [, run = ''] = /^Run: {2}(\S+)$/m.exec(stdout) ?? []
    expect(run).toMatch(/^runs\/\S+-guess-random$/)
    expect(stdout).toContain(`openenv replay ${run}`)
    expect(await recorded(join(here.path, run))).toHaveLength(100)
  })

  it('prints one object and nothing else with --json [OE-15]', async () => {
    await using here = await folder({ 'guess.ts': GUESS, 'halving.ts': HALVING })
    const { code, stdout } = await openenv(
      [
        'eval',
        './guess.ts',
        '--policy',
        './halving.ts',
        '--repeats',
        '8',
        '--seed',
        '3',
        '--json',
        '--out',
        'run',
      ],
      { cwd: here.path },
    )
    expect(code).toBe(0)
    expect(lines(stdout)).toHaveLength(1)
    const summary = JSON.parse(stdout) as Record<string, unknown>
    expect(Object.keys(summary)).toEqual([
      'env',
      'policy',
      'model',
      'seed',
      'run',
      'episodes',
      'mean',
      'ci95',
      'pass_at',
      'outcomes',
      'usage',
      'tasks',
    ])
    expect(summary).toMatchObject({
      env: 'guess',
      policy: 'halving',
      model: null,
      seed: 3,
      run: 'run',
      episodes: 8,
      mean: 1,
      ci95: [1, 1],
      pass_at: { '1': 1 },
      outcomes: { completed: 8 },
      usage: null,
      tasks: [{ task_id: null, episodes: 8, mean: 1, pass_at: { '1': 1 } }],
    })
  })

  it('plays every task of the default split of email-triage with its baseline and its oracle [OE-16] [OE-17]', async () => {
    await using here = await folder()
    const baseline = await openenv(['eval', 'email-triage', '--json'], { cwd: here.path })
    expect(baseline.code).toBe(0)
    const { policy, tasks, mean } = JSON.parse(baseline.stdout) as {
      policy: string
      tasks: { task_id: string }[]
      mean: number
    }
    expect(policy).toBe('baseline')
    expect(tasks.map(({ task_id }) => task_id)).toEqual(['task_easy', 'task_medium', 'task_hard'])
    const oracle = await openenv(
      ['eval', 'email-triage', '--policy', 'oracle', '--task', 'task_hard', '--json'],
      {
        cwd: here.path,
      },
    )
    expect(JSON.parse(oracle.stdout)).toMatchObject({
      mean: 1,
      episodes: 1,
      tasks: [{ task_id: 'task_hard' }],
    })
    expect(mean).toBeLessThan(1)
  })

  it('cuts off episodes that never end, and says so', async () => {
    await using here = await folder()
    const { code, stderr } = await openenv(
      ['eval', 'echo', '--action', '{"message": "hi"}', '--out', 'run'],
      {
        cwd: here.path,
      },
    )
    expect(code).toBe(0)
    expect(stderr).toContain('cut off after 1000 (--max-steps)')
    const [line] = await recorded(join(here.path, 'run'))
    expect(line?.steps).toHaveLength(1000)
    expect(line?.steps[999]).toMatchObject({ action: { message: 'hi' }, observation: { message: 'hi' } })
  })

  it('plays on a server what it plays here, baseline included [OE-17]', async () => {
    await using here = await folder()
    await using server = await serve(emailTriage, { port: 0 })
    const there = await openenv(['eval', server.url, '--policy', 'baseline', '--json'], { cwd: here.path })
    const local = await openenv(['eval', 'email-triage', '--policy', 'baseline', '--json'], {
      cwd: here.path,
    })
    expect(there.code).toBe(0)
    const { run: _there, ...scores } = JSON.parse(there.stdout)
    const { run: _local, ...same } = JSON.parse(local.stdout)
    expect(scores).toEqual(same)
  })

  it('asks a model, and says what it used [OE-13]', async () => {
    await using here = await folder({ 'guess.ts': GUESS })
    await using model = await chatServer('{"number": 50}')
    const { code, stdout } = await openenv(
      ['eval', './guess.ts', '--model', 'tiny', '--max-steps', '2', '--repeats', '2'],
      { cwd: here.path, env: { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'secret-key' } },
    )
    expect(code).toBe(0)
    expect(stdout).toContain('guess played by model (tiny)')
    expect(stdout).toMatch(/Used: \d+ requests, [\d,]+ tokens/)
    const [run = ''] = await readdir(join(here.path, 'runs'))
    const manifest = await readFile(join(here.path, 'runs', run, 'manifest.json'), 'utf8')
    expect(manifest).not.toContain('secret-key')
  })

  it('counts a dead model endpoint as infrastructure, exit code 1 [OE-15]', async () => {
    await using here = await folder({ 'guess.ts': GUESS })
    const { code, stdout, stderr } = await openenv(['eval', './guess.ts', '--model', 'tiny', '--json'], {
      cwd: here.path,
      env: { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1', OPENAI_API_KEY: 'k' },
    })
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ mean: null, outcomes: { infrastructure_error: 1 } })
    expect(stderr).toContain('1 episode failed, infrastructure_error')
  })

  it('fails with exit code 1 when the environment does, and still says what went well [OE-15]', async () => {
    await using here = await folder({
      'moody.ts': GUESS.replace("name: 'guess'", "name: 'moody'").replace(
        'transition: (state, { number }) => ({',
        'transition: (state, { number }) => state.secret > 50 ? [].at(0)!.x : ({',
      ),
    })
    const { code, stdout } = await openenv(['eval', './moody.ts', '--policy', 'random', '--repeats', '20'], {
      cwd: here.path,
    })
    expect(code).toBe(1)
    expect(stdout).toMatch(/Outcomes: .*\d+ environment_error/)
  })

  it('says in one line that nobody answers at a URL, exit code 1', async () => {
    await using here = await folder()
    const { code, stderr } = await openenv(['eval', 'http://127.0.0.1:9', '--policy', 'random'], {
      cwd: here.path,
    })
    expect(stderr).toContain('http://127.0.0.1:9')
    expect(lines(stderr)).toHaveLength(1)
    expect(code).toBe(1)
  })

  it.each([
    ['an unknown policy', ['--policy', 'basline'], 'Did you mean "baseline"?'],
    ['a policy file that is not there', ['--policy', './agent.ts'], 'There is no policy file ./agent.ts'],
    ['a policy file without a function', ['--policy', './data.ts'], 'default-exports no policy'],
    ['an unknown task', ['--task', 'task_simple'], 'task_simple'],
    ['an unknown split', ['--split', 'canonica'], 'canonica'],
    ['a model without a key', ['--model', 'x'], 'API_BASE_URL'],
    ['a model policy without variables', ['--policy', 'model'], 'MODEL_NAME'],
    ['two who play', ['--model', 'x', '--policy', 'random'], '--model is for --policy model'],
    [
      'an action for another policy',
      ['--action', '{}', '--policy', 'random'],
      '--action is for --policy constant',
    ],
    ['a folder that exists', ['--out', '.'], '--out . exists'],
    ['nothing to go on with', ['--resume'], 'unfinished'],
  ])('answers %s with exit code 2 and one line', async (_what, flags, says) => {
    await using here = await folder({ 'data.ts': 'export default { rows: [] }' })
    const { code, stdout, stderr } = await openenv(['eval', 'email-triage', ...flags], { cwd: here.path })
    expect(stderr).toContain(says)
    expect(lines(stderr)).toHaveLength(1)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })

  it('names the policies that exist when an environment has no baseline [OE-17]', async () => {
    await using here = await folder({ 'guess.ts': GUESS })
    const { code, stderr } = await openenv(['eval', './guess.ts', '--policy', 'oracle'], { cwd: here.path })
    expect(stderr).toBe(
      'error: guess exports no oracle. There are: constant, model, noop, random, or a file.\n',
    )
    expect(code).toBe(2)
  })
})

describe('openenv rollout', () => {
  it('prints where the run lies and what is in it', async () => {
    await using here = await folder({ 'guess.ts': GUESS, 'halving.ts': HALVING })
    const { code, stdout } = await openenv(
      ['rollout', './guess.ts', '--policy', './halving.ts', '--repeats', '3', '--group', '--out', 'run'],
      { cwd: here.path },
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/^guess played by halving: 3 episodes, \d+ steps, mean 1\.000/)
    expect(stdout).toContain('Run:  run')
    const starts = (await recorded(join(here.path, 'run'))).map(({ steps }) => steps)
    expect(starts[1]).toEqual(starts[0])
    expect(starts[2]).toEqual(starts[0])
  })
})

/** A chat-completions endpoint that always answers the same text. */
async function chatServer(content: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    request.resume()
    request.once('end', () => {
      response.setHeader('Content-Type', 'application/json')
      response.end(
        JSON.stringify({
          id: 'chat-1',
          object: 'chat.completion',
          created: 0,
          model: 'tiny',
          choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
          usage: { prompt_tokens: 900, completion_tokens: 100, total_tokens: 1000 },
        }),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${String(port)}/v1`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}
