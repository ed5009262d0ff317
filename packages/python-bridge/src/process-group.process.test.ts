import { spawn } from 'node:child_process'
import { expect, it, vi } from 'vitest'
import { killLeader, leaderOfGroup } from './process-group.ts'

it('a group is ended where its leader is still who it was, and not where the number is another’s', async () => {
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
