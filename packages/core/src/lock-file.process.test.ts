import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lockFile } from './lock-file.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'openenv-lock-'))
  path = join(folder, 'a.lock')
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const writtenBy = (owner: object): void => {
  writeFileSync(path, JSON.stringify({ host: hostname(), started: null, id: 'other', ...owner }))
}
const expectTaken = async (): Promise<void> => {
  await (await lockFile(path)).release()
  expect(await readdir(folder)).toEqual([])
}

it('a lock file is taken over from a process that is gone', async () => {
  writtenBy({ pid: spawnSync(process.execPath, ['-e', '']).pid })
  await expectTaken()
})

it.skipIf(!existsSync('/proc/self/stat'))(
  'a lock file is taken over from a zombie, which its parent never waits for',
  async () => {
    // The shell starts a child and, before the child ends, becomes a program that waits for none.
    const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'])
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer]
      const pid = Number(line.toString())
      const stat = (): string => readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
      await expect.poll(stat, { interval: 5 }).toMatch(/\) Z /)
      writtenBy({ pid, started: stat().split(') ')[1]?.split(' ')[19] })
      await expectTaken()
    } finally {
      parent.kill('SIGKILL')
    }
  },
)

it('a lock file is refused, and not waited for, where a pipe stands', async () => {
  spawnSync('mkfifo', [path])
  await expect(lockFile(path)).rejects.toThrow(`${path} is not a file. Remove it.`)
})
