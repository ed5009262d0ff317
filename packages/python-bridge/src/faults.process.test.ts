import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openLocal, type LocalEpisode, type Reply } from '@openenv-ts/core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { runs, troubledPackage, type TroubledPackage } from '../test/package.ts'
import type { PythonEnvironment } from './index.ts'

let made: TroubledPackage
beforeAll(async () => {
  made = await troubledPackage()
  // Once for all: the others find the virtual environment there.
  await made.open()
})
afterAll(() => made[Symbol.asyncDispose]())

describe.each(['shared', 'process'] as const)('with sessions of the kind %s', (sessions) => {
  const open = (): Promise<PythonEnvironment> => made.open({ sessions, timeouts: { call: 0.8, close: 3 } })

  it.each([
    ['crash', /code 3/],
    ['killed', /SIGKILL, perhaps for memory/],
  ])(
    'a source that is gone in a step (%s) is an error that says how, and the next reset works',
    async (tool, how) => {
      const environment = await open()
      await using episode = await started(environment)
      await expect(call(episode, tool)).rejects.toThrow(how)
      expect(episode.broken).toBe(true)
      // It is over, and says so, until it is reset.
      await expect(call(episode, 'say')).rejects.toThrow('The episode ended with an error')
      await episode.reset({ seed: 1 })
      expect(textOf(await call(episode, 'say', 'again'))).toMatch(/^again \d+ \d+$/)
    },
  )

  it('a call that never comes back ends its own episode in time, and no other', async () => {
    const environment = await open()
    await using one = await started(environment)
    await using other = await started(environment)
    const hanging = call(one, 'hang')
    expect(textOf(await call(other, 'say', 'hello'))).toMatch(/^hello/)
    await expect(hanging).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('0.8 s') as string,
    })
    expect(textOf(await call(other, 'say', 'still here'))).toMatch(/^still here/)
  })

  it('a call that is given up goes on and counts, and so does the episode [OE-19]', async () => {
    const environment = await made.open({ sessions, timeouts: { call: 20, close: 3 } })
    await using episode = await started(environment)
    const gate = join(made.folder, `gate-${sessions}`)
    const stop = new AbortController()
    const action = { type: 'call_tool', tool_name: 'hold', arguments: { text: gate } }
    const held = episode.step(action, { signal: stop.signal })
    const enough = new Error('enough')
    stop.abort(enough)
    await expect(held).rejects.toBe(enough)
    expect(episode.broken).toBe(false)
    const next = call(episode, 'say', 'after')
    await writeFile(gate, '')
    expect(textOf(await next)).toMatch(/^after \d+ 2$/)
    expect(episode.stepCount).toBe(2)
    // One that is given up before it is sent has not happened.
    await expect(episode.step(action, { signal: stop.signal })).rejects.toBe(enough)
    expect(episode).toMatchObject({ broken: false, stepCount: 2 })
    expect(textOf(await call(episode, 'say', 'and'))).toMatch(/^and \d+ 3$/)
  })

  it('a call that is given up and never comes back breaks the episode in its time, and a reset mends it', async () => {
    const environment = await open()
    await using episode = await started(environment)
    const stop = new AbortController()
    const action = { type: 'call_tool', tool_name: 'hang', arguments: {} }
    const hanging = episode.step(action, { signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(hanging).rejects.toThrow('enough')
    await expect(call(episode, 'say')).rejects.toThrow('The episode ended with an error')
    expect(episode.broken).toBe(true)
    await episode.reset({ seed: 1 })
    expect(episode.broken).toBe(false)
    expect(textOf(await call(episode, 'say', 'again'))).toMatch(/^again/)
  })

  it('what it prints, however much and wherever, is in nobody’s way', async () => {
    const environment = await open()
    await using episode = await started(environment)
    expect(textOf(await call(episode, 'flood'))).toBe('Flooded.')
    expect(textOf(await call(episode, 'chatter'))).toBe('Said.')
    expect(textOf(await call(episode, 'large'))).toHaveLength(5_000_000)
  })

  it('a source is loaded in the main thread, once, under its own name, and has one event loop for good [IM-27]', async () => {
    const environment = await open()
    await using one = await started(environment)
    await using other = await started(environment)
    for (const episode of [one, other, one]) {
      expect(JSON.parse(textOf(await call(episode, 'where')))).toEqual({
        main: true,
        loads: ['troubled'],
        loops: 1,
        beside: true,
      })
    }
  })

  it('what it does to signals and to the working directory stays over there, and it ends all the same [IM-27]', async () => {
    const environment = await open()
    await using episode = await started(environment)
    const here = process.cwd()
    const [place, pid] = textOf(await call(episode, 'meddle')).split(' ')
    expect(place).toBe('/')
    expect(process.cwd()).toBe(here)
    await environment.close()
    await vi.waitUntil(async () => !(await runs(Number(pid))), { timeout: 5000 })
  })

  it('what it has started ends with it', async () => {
    const environment = await open()
    await using episode = await started(environment)
    const pid = Number(textOf(await call(episode, 'spawn')))
    expect(await runs(pid)).toBe(true)
    await environment.close()
    await vi.waitUntil(async () => !(await runs(pid)), { timeout: 5000 })
  })

  it('nothing is left when our side is killed with SIGKILL', async () => {
    const script = fileURLToPath(new URL('../test/abandon.ts', import.meta.url))
    const child = spawn(
      process.execPath,
      ['--conditions=@openenv-ts/source', '--import', 'jiti/register', script, made.folder, sessions],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const pids = await new Promise<number[]>((resolve) => {
      child.stdout.once('data', (text: Buffer) => {
        resolve(text.toString().trim().split(' ').map(Number))
      })
    })
    expect(pids).toHaveLength(2)
    for (const pid of pids) expect(await runs(pid)).toBe(true)
    child.kill('SIGKILL')
    for (const pid of pids) await vi.waitUntil(async () => !(await runs(pid)), { timeout: 5000 })
  })
})

it.each([
  ['a word', 'hello\n', /a line that is not JSON/],
  ['null', 'null\n', /something that is no message/],
  ['an answer to a call that was not made', '{"jsonrpc": "2.0", "id": 99, "result": 1}\n', /was not made/],
  [
    'a forked child that cannot be ours',
    '{"jsonrpc":"2.0","method":"session","params":{"key":"k","pid":1}}\n',
    /may not/,
  ],
  ['bytes that are no text', '\xff\xfe\n', /bytes that are no text/],
  ['a line that does not end', 'endless', /a line of more than 1048576 bytes/],
])(
  'a source that writes %s on its pipe ends its process and no more: the next reset works',
  async (_what, text, how) => {
    const environment = await made.open({ messageMb: 1, timeouts: { call: 20, close: 3 } })
    await using episode = await started(environment)
    await expect(call(episode, 'rubbish', text)).rejects.toMatchObject({
      code: 'EXECUTION_ERROR',
      message: expect.stringMatching(how) as string,
    })
    await episode.reset({ seed: 1 })
    expect(textOf(await call(episode, 'say', 'again'))).toMatch(/^again/)
  },
)

it('a run of 250 episodes loses only those that write rubbish', async () => {
  const environment = await made.open({ messageMb: 1, timeouts: { call: 20, close: 3 } })
  await using episode = openLocal(environment)
  const lost: number[] = []
  for (let number = 0; number < 250; number += 1) {
    await episode.reset({ seed: number })
    const tool = number % 80 === 40 ? 'rubbish' : 'say'
    await call(episode, tool, 'null\n').catch(() => lost.push(number))
  }
  expect(lost).toEqual([40, 120, 200])
})

it('a call that blocks the process ends it, says so to every session in it, and the next ones have a new one', async () => {
  const environment = await made.open({ timeouts: { call: 1, close: 3 } })
  await using one = await started(environment)
  await using other = await started(environment)
  const blocking = call(one, 'block')
  await expect(blocking).rejects.toThrow('held the Python process up')
  await expect(call(other, 'say')).rejects.toThrow('held the Python process up')
  await other.reset({ seed: 2 })
  expect(textOf(await call(other, 'say', 'new'))).toMatch(/^new/)
})

it('a call that blocks ends its own process where each session has one', async () => {
  const environment = await made.open({ sessions: 'process', timeouts: { call: 1, close: 3 } })
  await using one = await started(environment)
  await using other = await started(environment)
  await expect(call(one, 'block')).rejects.toMatchObject({ code: 'TIMEOUT' })
  expect(textOf(await call(other, 'say', 'unharmed'))).toMatch(/^unharmed/)
})

it('each session has a process of its own, with a state of its own, where the wrapper says so [IM-13]', async () => {
  const environment = await made.open({ sessions: 'process' })
  await using one = await started(environment)
  await using other = await started(environment)
  const [first, second] = [textOf(await call(one, 'say', 'x')), textOf(await call(other, 'say', 'x'))]
  const [, pidOne, countOne] = first.split(' ')
  const [, pidOther, countOther] = second.split(' ')
  expect(pidOne).not.toBe(pidOther)
  expect([countOne, countOther]).toEqual(['1', '1'])
})

async function started(environment: PythonEnvironment): Promise<LocalEpisode> {
  const episode = openLocal(environment)
  await episode.reset({ seed: 0 })
  return episode
}

function call(episode: LocalEpisode, tool: string, text = ''): Promise<Reply<unknown>> {
  return episode.step({ type: 'call_tool', tool_name: tool, arguments: { text } })
}

function textOf({ observation }: Reply<unknown>): string {
  const { result, error } = observation as {
    result: { content: { text: string }[] } | null
    error: { message: string } | null
  }
  return result?.content[0]?.text ?? `error: ${error?.message ?? ''}`
}
