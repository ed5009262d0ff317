import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FileContent } from './file-content.ts'
import { writePackage } from './write-package.ts'

let place = ''
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'openenv-scaffold-'))
})
afterEach(() => {
  rmSync(place, { recursive: true, force: true })
})

const bytes = (text: string, executable = false) => ({ read: () => Buffer.from(text), executable })

describe('writePackage', () => {
  it('writes text and bytes, with the permissions of git and no others [IM-9]', async () => {
    const files = new Map<string, FileContent>([
      ['a.txt', 'text'],
      ['b/c/run.sh', bytes('#!/bin/sh', true)],
      ['b/data', bytes('\u0000')],
    ])
    await writePackage(files, join(place, 'deep/er/made'))
    const made = join(place, 'deep/er/made')
    expect(readFileSync(join(made, 'a.txt'), 'utf8')).toBe('text')
    expect(readFileSync(join(made, 'b/data'))).toEqual(Buffer.from([0]))
    expect(statSync(join(made, 'b/c/run.sh')).mode & 0o777).toBe(0o755)
    expect(statSync(join(made, 'b/data')).mode & 0o777).toBe(0o644)
    expect(statSync(made).mode & 0o777).toBe(0o755)
    expect(readdirSync(join(place, 'deep/er'))).toEqual(['made'])
  })

  it('leaves nothing behind, not even the folders on the way, where a file cannot be read [IM-2]', async () => {
    const broken = {
      read: () => {
        throw new Error('gone')
      },
      executable: false,
    }
    const files = new Map<string, FileContent>([
      ['a.txt', 'text'],
      ['b.txt', broken],
    ])
    await expect(writePackage(files, join(place, 'deep/er/made'))).rejects.toThrow(
      'b.txt cannot be written (gone).',
    )
    expect(readdirSync(place)).toEqual([])
  })

  it('leaves nothing behind when it is aborted, and leaves what was there before [IM-2]', async () => {
    const controller = new AbortController()
    writeFileSync(join(place, 'mine'), '')
    mkdirSync(join(place, 'made'))
    const files = new Map<string, FileContent>([
      ['a.txt', 'text'],
      [
        'b.txt',
        {
          read: () => {
            controller.abort(new Error('stopped'))
            return Buffer.from('')
          },
          executable: false,
        },
      ],
      ['c.txt', 'text'],
    ])
    await expect(writePackage(files, join(place, 'made'), controller.signal)).rejects.toThrow('stopped')
    expect(readdirSync(place).sort()).toEqual(['made', 'mine'])
    expect(readdirSync(join(place, 'made'))).toEqual([])
  })

  it('does not touch a folder that was filled in the meantime', async () => {
    const files = new Map<string, FileContent>([
      [
        'a.txt',
        {
          read: () => {
            mkdirSync(join(place, 'made'))
            writeFileSync(join(place, 'made/theirs'), '')
            return Buffer.from('')
          },
          executable: false,
        },
      ],
    ])
    await expect(writePackage(files, join(place, 'made'))).rejects.toThrow(/ENOTEMPTY/)
    expect(readdirSync(place)).toEqual(['made'])
    expect(existsSync(join(place, 'made/theirs'))).toBe(true)
  })

  it.runIf(process.getuid?.() !== 0)('says so where it may not write', async () => {
    chmodSync(place, 0o500)
    await expect(
      writePackage(new Map<string, FileContent>([['a', '']]), join(place, 'made')),
    ).rejects.toThrow(/EACCES/)
    chmodSync(place, 0o700)
  })
})
