import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { LocalEpisode, Snapshot } from '@openenv-ts/core'
import { isolate, KINDS } from '../../test/isolation/isolate.ts'
import type { Isolation } from './isolation.ts'

interface Shown {
  readonly pid: number
  readonly thread: number | null
  readonly variables: readonly string[]
}

async function look(episode: LocalEpisode): Promise<Shown> {
  return (await episode.step({ what: 'look' })).observation as Shown
}

describe.each(KINDS)('isolation by %s', (kind) => {
  it('runs an episode that cannot leave in one place of its own, from its first reset on', async () => {
    await using isolation = await isolate(kind, './surroundings.ts')
    await using one = isolation.openEpisode()
    await using other = isolation.openEpisode()
    const first = (await one.reset()).observation as Shown
    const second = (await other.reset()).observation as Shown
    expect([first.pid === process.pid, first.thread === null]).toEqual(
      kind === 'worker' ? [true, false] : [false, true],
    )
    expect([second.pid, second.thread]).not.toEqual([first.pid, first.thread])
    expect(await look(one)).toEqual(first)
  })

  it('says when as many episodes run as may, and has room again when one is closed', async () => {
    await using isolation = await isolate(kind, './surroundings.ts', { maxExecutors: 2 })
    const one = isolation.openEpisode()
    await using other = isolation.openEpisode()
    await using third = isolation.openEpisode()
    await Promise.all([one.reset(), other.reset()])
    await expect(third.reset()).rejects.toMatchObject({
      code: 'CAPACITY_REACHED',
      data: { max_workers: 2 },
    })
    expect(third.status).toBe('idle')
    await one.close()
    expect((await third.reset()).status).toBe('running')
  })

  it('gives a step up when its signal is aborted, and goes on with the next one', async () => {
    await using isolation = await isolate(kind, './surroundings.ts')
    await using episode = isolation.openEpisode()
    await episode.reset()
    const controller = new AbortController()
    const step = episode.step({ what: 'wait' }, { signal: controller.signal })
    expect(episode.busy).toBe(true)
    // Until then it may not have begun, and would never have been.
    await new Promise((resolve) => setTimeout(resolve, 200))
    const reason = new Error('changed my mind')
    controller.abort(reason)
    await expect(step).rejects.toBe(reason)
    // The environment honored the signal, so it stands where it stood.
    const next = await look(episode)
    expect(episode).toMatchObject({ broken: false, stepCount: 1 })
    const again = (await episode.reset()).observation as Shown
    expect(again).toEqual(next)
    expect(episode.busy).toBe(false)
  })

  it('tells how far a step is', async () => {
    await using isolation = await isolate(kind, './surroundings.ts')
    await using episode = isolation.openEpisode()
    await episode.reset()
    const told: unknown[] = []
    await episode.stepNow({ what: 'look' }, undefined, (progress) => told.push(progress))
    expect(told).toEqual([{ progress: 1, total: 2, message: 'look' }])
  })

  it('rejects the step at work when the episode is closed', async () => {
    await using isolation = await isolate(kind, './surroundings.ts')
    const episode = isolation.openEpisode()
    await episode.reset()
    const step = episode.step({ what: 'wait' })
    const waiting = episode.state()
    const results = Promise.allSettled([step, waiting])
    await episode.close()
    expect(await results).toMatchObject([
      { status: 'rejected', reason: { code: 'CANCELLED' } },
      { status: 'rejected', reason: { code: 'CANCELLED' } },
    ])
  })

  it('gives a step up that waits longer than the limit, with the words of an episode that is not isolated', async () => {
    await using isolation = await isolate(kind, './surroundings.ts', { stepSeconds: 0.2 })
    await using episode = isolation.openEpisode()
    await episode.reset()
    await expect(episode.step({ what: 'wait' })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: 'The step took longer than 0.2 s.',
    })
    await expect(episode.step({ what: 'look' })).rejects.toMatchObject({ http: 409 })
    expect((await episode.reset()).status).toBe('running')
  })

  it('rejects what is under way when it is closed, and what comes later', async () => {
    const isolation = await isolate(kind, './misbehaving.ts')
    const episode = isolation.openEpisode()
    await episode.reset()
    const step = episode.step({ way: 'never_return' })
    const rejected = expect(step).rejects.toMatchObject({ name: 'OpenEnvError' })
    await isolation.close()
    await rejected
    await expect(isolation.openEpisode().reset()).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it.each([
    ['is not there', 'file:///no-such-module.mjs', /could not be loaded in isolation/],
    ['has no environment', './isolate.ts', /default-exports no environment/],
    ['ends its executor', 'data:text/javascript,process.exit(9)', /exit code 9/],
  ])('is refused at the start when the module %s', async (_what, module, says) => {
    await expect(isolate(kind, module)).rejects.toMatchObject({ code: 'FACTORY_ERROR', message: says })
  })

  it('loads the environment with a loader', async () => {
    const loader = './loader.ts'
    await using isolation = await isolate(kind, 'counter', { loader })
    await using episode = isolation.openEpisode()
    expect((await episode.reset({ taskId: 'count-to-5' })).observation).toMatchObject({ goal: 5 })
  })

  it('carries positions from place to place: what is restored here goes on there', async () => {
    await using isolation = await isolate(kind, './misbehaving.ts', { workers: 2, stepSeconds: 30 })
    const episodes = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const episode = isolation.openEpisode()
        await episode.reset({ seed: 1, episodeId: 'same' })
        return episode
      }),
    )
    // Two do not let go: their places are lost to the others, wherever these stood.
    const stuck = episodes.slice(0, 2)
    const rest = episodes.slice(2)
    await Promise.all(rest.map((episode) => episode.step({ way: 'behave' })))
    const blocked = stuck.map((episode) => episode.step({ way: 'never_return' }).catch(() => 'ended'))
    for (let count = 2; count <= 40; count += 1) {
      const replies = await Promise.all(rest.map((episode) => episode.step({ way: 'behave' })))
      expect(replies.map(({ observation }) => observation)).toEqual(rest.map(() => ({ count })))
    }
    const snapshots = await Promise.all(rest.map((episode) => episode.snapshot()))
    const plain = (snapshot: Snapshot): object => ({ ...snapshot, elapsedMs: 0 })
    expect(snapshots.map(plain)).toEqual(snapshots.map(() => plain(snapshots[0] as Snapshot)))
    for (const episode of episodes) void episode.close()
    expect(await Promise.all(blocked)).toEqual(['ended', 'ended'])
  })
})

describe('isolation by process', () => {
  it('lets in only the variables that are listed, and those that are named', async () => {
    process.env['SECRET_OF_THE_SERVER'] = 'x'
    process.env['MEANT_FOR_IT'] = 'x'
    await using isolation = await isolate('process', './surroundings.ts', { variables: ['MEANT_FOR_IT'] })
    await using episode = isolation.openEpisode()
    const { variables } = (await episode.reset()).observation as Shown
    const allowed = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'OPENENV_EXECUTOR', 'MEANT_FOR_IT']
    expect(variables).toContain('MEANT_FOR_IT')
    expect(variables.filter((name) => !allowed.includes(name))).toEqual([])
  })

  it('ends with the server, also when that is killed and the environment does not let go', async () => {
    const file = fileURLToPath(new URL('../../test/isolation/orphan.ts', import.meta.url))
    const flags = ['--conditions=@openenv-ts/source', '--import', 'jiti/register']
    const server = spawn(process.execPath, [...flags, file], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(createInterface(server.stdout), 'line')) as [string]
    const pid = Number(line)
    expect(isRunning(pid)).toBe(true)
    server.kill('SIGKILL')
    while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 20))
  })
})

describe('options of isolation', () => {
  it.each([
    { workers: 0 },
    { workers: 1.5 },
    { spares: 0 },
    { memoryMb: -1 },
    { stepSeconds: 0 },
    { stepSeconds: NaN },
  ])('refuses %j', async (options) => {
    const failed: Promise<Isolation> = isolate('worker', './counter.ts', options)
    await expect(failed).rejects.toThrow(new RegExp(`^${String(Object.keys(options)[0])} is a `))
  })
})

/** A process that is only not buried yet does not run. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))
  } catch {
    return false
  }
}
