import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FileLockedError, lockFile } from './lock-file.ts'

/** No process has this number: Linux gives none above 2^22. */
const DEAD = 2 ** 30
const hasProc = existsSync('/proc/self/stat')

/** The name that a takeover gives to its right to remove the lock of `id`. */
function rightTo(path: string, id: string): string {
  return `${path}.${createHash('sha256').update(id).digest('hex').slice(0, 16)}`
}

describe('a lock file', () => {
  let folder: string
  let path: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'openenv-lock-'))
    path = join(folder, 'a.lock')
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })
  const writtenBy = (pid: number, more: object = {}): void => {
    writeFileSync(path, JSON.stringify({ pid, host: hostname(), started: null, id: 'other', ...more }))
  }
  const expectTaken = async (): Promise<void> => {
    await (await lockFile(path)).release()
    expect(await readdir(folder)).toEqual([])
  }

  it('is held by one, who is named to the next, and leaves nothing behind', async () => {
    {
      await using _lock = await lockFile(path)
      const refused = await lockFile(path).catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(FileLockedError)
      expect(refused).toMatchObject({ path, owner: { pid: process.pid, host: hostname(), isLocal: true } })
    }
    expect(await readdir(folder)).toEqual([])
  })

  it('lets exactly one of many in who do not wait', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => lockFile(path)))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await readdir(folder)).toEqual(['a.lock'])
  })

  it('never admits two, however many race for the lock of a dead owner, and each in the end', async () => {
    let inside = 0
    const seen: number[] = []
    const once = async (turns: number): Promise<void> => {
      // Not all in step: a takeover is at risk where one looks while another removes.
      for (let turn = 0; turn < turns; turn += 1) await setImmediate()
      await using _lock = await lockFile(path, { waitMs: 20_000 })
      inside += 1
      seen.push(inside)
      // Time for others to come in, if they can.
      await setImmediate()
      await readFile(path)
      inside -= 1
    }
    for (let round = 0; round < 60; round += 1) {
      writtenBy(DEAD, { id: `dead-${String(round)}` })
      await Promise.all([0, 1, 2, 3, 4, 5].map((at) => once((at * round) % 11)))
    }
    expect(seen).toHaveLength(360)
    expect(new Set(seen)).toEqual(new Set([1]))
    expect(await readdir(folder)).toEqual([])
  }, 60_000)

  it('is not removed by one who saw a dead owner while another takes over', async () => {
    const living = { started: null, pid: process.pid, host: hostname() }
    writtenBy(DEAD, { id: 'dead' })
    const right = rightTo(path, 'dead')
    writeFileSync(right, JSON.stringify({ ...living, id: 'other' }))
    const late = lockFile(path).catch((error: unknown) => error)
    // It has seen the dead owner, and meets the right of the other one.
    await sleep(20)
    // What the other one does next.
    rmSync(path)
    writtenBy(process.pid, { id: 'other' })
    rmSync(right)
    expect(await late).toMatchObject({ name: 'FileLockedError', owner: { pid: process.pid } })
    expect(readFileSync(path, 'utf8')).toContain('"other"')
  })

  it('lets exactly one of many take over from a dead owner who do not wait', async () => {
    for (let round = 0; round < 100; round += 1) {
      writtenBy(DEAD, { id: `dead-${String(round)}` })
      const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockFile(path)))
      const winners = tries.filter((result) => result.status === 'fulfilled')
      expect(winners).toHaveLength(1)
      await winners[0]?.value.release()
    }
    expect(await readdir(folder)).toEqual([])
  })

  it('is taken over from owners who died while they took over, at any depth', async () => {
    writtenBy(DEAD, { id: 'first' })
    const holder = JSON.parse(readFileSync(path, 'utf8')) as object
    let right = path
    for (const id of ['first', 'second', 'third']) {
      right = rightTo(right, id)
      const next = { first: 'second', second: 'third', third: 'fourth' }[id]
      writeFileSync(right, JSON.stringify({ ...holder, id: next }))
    }
    const tries = await Promise.allSettled(Array.from({ length: 6 }, () => lockFile(path)))
    const winners = tries.filter((result) => result.status === 'fulfilled')
    expect(winners).toHaveLength(1)
    await winners[0]?.value.release()
    expect(await readdir(folder)).toEqual([])
  })

  it.each([
    ['a process that is gone', () => ({ pid: DEAD })],
    ['a process whose number another one has now', () => ({ pid: process.pid, started: '1' })],
    ['no process at all', () => ({ pid: 0 })],
    ['a negative number, which signals would take for a group', () => ({ pid: -1 })],
  ])('is taken over from %s', async (_name, owner) => {
    const { pid, ...more } = owner() as { pid: number; started?: string }
    if ('started' in more && !hasProc) return
    writtenBy(pid, more)
    await expectTaken()
  })

  it.each(['', '{"pid":', '[]', '{"pid":"x"}', 'x'.repeat(100_000)])(
    'is taken over when it holds no owner (%#)',
    async (content) => {
      writeFileSync(path, content)
      await expectTaken()
    },
  )

  it('of another machine is held until somebody removes it', async () => {
    writtenBy(DEAD, { host: 'elsewhere', started: '1' })
    await expect(lockFile(path)).rejects.toMatchObject({ owner: { host: 'elsewhere', isLocal: false } })
    rmSync(path)
    await expectTaken()
  })

  it('is waited for as long as the caller says, and no longer', async () => {
    const lock = await lockFile(path)
    await expect(lockFile(path, { waitMs: 20 })).rejects.toBeInstanceOf(FileLockedError)
    const next = lockFile(path, { waitMs: 20_000 })
    await lock.release()
    await (await next).release()
    expect(await readdir(folder)).toEqual([])
  })

  it('leaves a later lock alone when it is released twice', async () => {
    const first = await lockFile(path)
    await first.release()
    await using _second = await lockFile(path)
    await first.release()
    await expect(lockFile(path)).rejects.toBeInstanceOf(FileLockedError)
  })

  it('is refused, and not followed, where a link stands', async () => {
    const outside = join(folder, 'outside')
    writeFileSync(outside, 'precious')
    symlinkSync(outside, path)
    await expect(lockFile(path)).rejects.toThrow(`${path} is not a file. Remove it.`)
    expect(readFileSync(outside, 'utf8')).toBe('precious')
    rmSync(path)
    await expect(lockFile(join(folder, 'missing', 'a.lock'))).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
