import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { killGroup, killLeader, leaderOfGroup } from './process-group.ts'

const own = Number(readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ')[2])
const UNSAFE = [0, 1, -1, -0, 1.5, NaN, Infinity, process.pid, own]

afterEach(() => vi.restoreAllMocks())

describe('a group that a message names', () => {
  it.each(UNSAFE)('is not ended by the number %d', (group) => {
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true)
    killGroup(group)
    expect(kill).not.toHaveBeenCalled()
  })

  it.each([...UNSAFE, null, undefined, '12', {}, process.ppid === own ? 1 : 2 ** 30])(
    'is nobody’s: %j',
    (pid) => {
      expect(leaderOfGroup(pid)).toBeNull()
    },
  )

  it('is ended where its leader is still who it was, and not where the number is another’s', async () => {
    const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' })
    const ended = new Promise<unknown>((resolve) =>
      child.once('exit', (_code, signal) => {
        resolve(signal)
      }),
    )
    const identity = await vi.waitUntil(() => leaderOfGroup(child.pid))
    expect(identity).toMatchObject({ pid: child.pid, parent: process.pid })
    killLeader({ ...identity, startedAt: '1' })
    expect(leaderOfGroup(child.pid)).toEqual(identity)
    killLeader(identity)
    expect(await ended).toBe('SIGKILL')
  })
})
