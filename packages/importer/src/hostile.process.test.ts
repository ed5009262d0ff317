import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { folder } from '../test/folder.ts'
import { readSource } from './import.ts'

it('a source with a pipe is read without waiting for it', async () => {
  using place = folder({ 'good.py': 'import ors\n' })
  execFileSync('mkfifo', [join(place.path, 'pipe.py')])
  const { tree } = await readSource(place.path)
  expect(tree.files).toContainEqual(expect.objectContaining({ path: 'good.py' }))
  expect(tree.leftOut).toContainEqual({ path: 'pipe.py', why: 'not a plain file' })
})
