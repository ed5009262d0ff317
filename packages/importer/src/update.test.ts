import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { planUpdate, writeUpdate } from './update.ts'
import { sha256 } from './vendor.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'openenv-update-'))
})
afterEach(() => {
  rmSync(root, { recursive: true })
})

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

/** Written at the import, there now, and what an import would write now; null for nothing. */
type Case = readonly [written: string | null, there: string | null, now: string | null, kind: string | null]

const CASES: readonly Case[] = [
  ['a', 'a', 'a', null],
  ['a', 'a', 'b', 'replaced'],
  [null, null, 'b', 'added'],
  ['a', null, 'a', 'added'],
  ['a', 'a', null, 'removed'],
  ['a', null, null, null],
  ['a', 'mine', 'a', 'kept'],
  ['a', 'mine', null, 'kept'],
  ['a', 'b', 'b', null],
  ['a', 'mine', 'b', 'conflict'],
  [null, 'mine', 'b', 'conflict'],
  [null, 'mine', null, null],
]

describe('an update', () => {
  it.each(CASES)('of a file that was %j, is %j and would be %j: %j', async (written, there, now, kind) => {
    const path = 'src/deep/file.txt'
    if (there !== null) put(path, there)
    const files = new Map(now === null ? [] : [[path, now]])
    const generated = written === null ? {} : { [path]: sha256(written) }
    const updates = planUpdate({ files }, root, { generated })
    expect(updates).toEqual(kind === null ? [] : [{ path, kind }])

    const edited = kind === 'kept' || kind === 'conflict' || now === null
    await writeUpdate(updates, { files }, root, { replaceEdited: false })
    const left = kind === 'removed' ? null : edited ? there : now
    expect(existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : null).toBe(left)
    await writeUpdate(updates, { files }, root, { replaceEdited: true })
    if (kind === 'conflict') expect(readFileSync(join(root, path), 'utf8')).toBe(now)
  })

  it.each(['../outside', '/etc/hostname', 'a/../../outside', 'C:\\x', 'a\\..\\b', '', './x'])(
    'removes nothing that a lock file names outside of the package: %j',
    (path) => {
      const before = readFileSync('/etc/hostname', 'utf8')
      const updates = planUpdate({ files: new Map() }, root, { generated: { [path]: sha256(before) } })
      expect(updates).toEqual([])
    },
  )

  it.each(['file', 'folder'])('refuses a link in place of a %s', (what) => {
    put('elsewhere/file.txt', 'a')
    if (what === 'folder') symlinkSync(join(root, 'elsewhere'), join(root, 'src'))
    else {
      mkdirSync(join(root, 'src'))
      symlinkSync(join(root, 'elsewhere/file.txt'), join(root, 'src/file.txt'))
    }
    const files = new Map([['src/file.txt', 'b']])
    expect(() => planUpdate({ files }, root, { generated: {} })).toThrow(/is a link or not a file/)
    expect(readFileSync(join(root, 'elsewhere/file.txt'), 'utf8')).toBe('a')
  })
})
