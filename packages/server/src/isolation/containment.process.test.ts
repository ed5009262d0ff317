// What docs/operating.md says of isolation, cell by cell; ways that end the executor itself are in misbehavior.process.test.ts.
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { LocalEpisode } from '@openenv-ts/core'
import { isolate, KINDS } from '../../test/isolation/isolate.ts'
import type { Isolation } from './isolation.ts'

const TOKENS = ['OPENENV_CONTROL_TOKEN', 'OPENENV_AGENT_TOKEN_FILE', 'OPENENV_OPERATOR_TOKEN']

describe.each(KINDS)('an environment isolated by %s', (kind) => {
  let isolation: Isolation
  let episode: LocalEpisode
  beforeAll(async () => {
    for (const name of TOKENS) vi.stubEnv(name, 'a secret')
    isolation = await isolate(kind, './reaching.ts', { memoryMb: 64, variables: TOKENS })
    episode = isolation.openEpisode()
    await episode.reset()
  })
  afterEach(() => vi.unstubAllEnvs())
  afterAll(() => isolation.close())

  const reach = async (way: string, given = ''): Promise<string> =>
    ((await episode.step({ way, given })).observation as { readonly found: string }).found

  it.each(TOKENS)('has no %s in its variables, whatever it asks for', async (name) => {
    expect(await reach('variable', name)).toBe('not there')
  })

  it.each([
    ['the server', () => process.pid],
    ['the group of the server', () => -process.pid],
    ['every process', () => -1],
    ['the first process', () => 1],
  ])('cannot signal %s by process.kill', async (_whom, target) => {
    expect(await reach('signal', String(target()))).toBe('EPERM EPERM')
  })

  it.each(['0', String(process.ppid)])(
    'signals to %s are refused where they would reach the server',
    async (pid) => {
      expect(await reach('signal', pid)).toBe(kind === 'worker' ? 'EPERM EPERM' : 'true true')
    },
  )

  it('may hold Buffers beyond the limit of the heap where that is a thread’s: this is not held', async () => {
    // In a process the watchdog counts them: misbehavior.process.test.ts, exhaust_buffers.
    if (kind === 'worker') expect(await reach('hoard', '100')).toBe('hoarded')
    else expect(await reach('hoard', '1')).toBe('hoarded')
  })

  it('can read what the same user can, the server’s first variables among it: this is not held', async () => {
    expect(await reach('read', `/proc/${String(process.pid)}/environ`)).toBe('true')
  })
})

describe.each(KINDS)('what an environment isolated by %s has started', (kind) => {
  it('ends with it, in whatever group, session or family it is; without its variables it stays: that is not held', async () => {
    const isolation = await isolate(kind, './reaching.ts')
    const episode = isolation.openEpisode()
    await episode.reset()
    const pids: number[] = []
    for (const way of ['detach', 'orphan', 'forget']) {
      const { observation } = await episode.step({ way })
      pids.push(Number((observation as { readonly found: string }).found))
    }
    const [detached = 0, orphaned = 0, forgotten = 0] = pids
    try {
      expect(pids.map(isRunning)).toEqual([true, true, true])
      await isolation.close()
      await vi.waitUntil(() => !isRunning(detached) && !isRunning(orphaned), { timeout: 10_000 })
      expect(isRunning(forgotten)).toBe(true)
    } finally {
      if (forgotten > 1 && isRunning(forgotten)) process.kill(forgotten, 'SIGKILL')
    }
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
