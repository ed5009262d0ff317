import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { killGroup, leaderOfGroup } from './process-group.ts'

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
})
