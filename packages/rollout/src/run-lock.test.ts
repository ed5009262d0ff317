import { readdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { scratch } from '../test/environments.ts'
import { lockRun } from './run-lock.ts'

/** No process has this number: Linux gives none above 2^22. */
const GONE = 2 ** 30
const lockOf = (pid: number, more: object = {}): string =>
  JSON.stringify({ pid, host: hostname(), started: null, id: 'other', ...more })

describe('the lock of a run', () => {
  it('lets one writer in, names it to the next, and leaves nothing behind', async () => {
    await using place = await scratch()
    const release = await lockRun(place.dir)
    await expect(lockRun(place.dir)).rejects.toMatchObject({
      code: 'RUN_LOCKED',
      message: expect.stringContaining(`process ${String(process.pid)} on `) as string,
    })
    await release()
    expect(await readdir(place.dir)).toEqual([])
    const unlock = await lockRun(place.dir)
    await expect(lockRun(place.dir)).rejects.toThrow(String(process.pid))
    await unlock()
  })

  it('lets exactly one of many in', async () => {
    await using place = await scratch()
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => lockRun(place.dir)))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('takes over from a process that is gone', async () => {
    await using place = await scratch()
    for (let round = 0; round < 50; round += 1) {
      await writeFile(place.path('run.lock'), lockOf(GONE, { id: String(round) }))
      const tries = await Promise.allSettled(Array.from({ length: 6 }, () => lockRun(place.dir)))
      const winners = tries.filter((result) => result.status === 'fulfilled')
      expect(winners).toHaveLength(1)
      await winners[0]?.value()
      expect(await readdir(place.dir)).toEqual([])
    }
  })

  it('takes over from a process whose number somebody else has now', async () => {
    await using place = await scratch()
    await writeFile(place.path('run.lock'), lockOf(process.pid, { started: '1' }))
    const unlock = await lockRun(place.dir)
    await expect(lockRun(place.dir)).rejects.toThrow(String(process.pid))
    await unlock()
  })

  it('takes over half a lock', async () => {
    await using place = await scratch()
    await writeFile(place.path('run.lock'), '{"pid":')
    const unlock = await lockRun(place.dir)
    await expect(lockRun(place.dir)).rejects.toThrow(String(process.pid))
    await unlock()
  })

  it('leaves alone the lock of another machine, and says what to do', async () => {
    await using place = await scratch()
    await writeFile(place.path('run.lock'), lockOf(1, { host: 'elsewhere' }))
    await expect(lockRun(place.dir)).rejects.toThrow(
      /process 1 on elsewhere\. If it has ended, remove .*run\.lock/,
    )
  })
})
