import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openenv } from '../test/command.ts'
import { checkPackage, folderInReach } from '../test/made-package.ts'

it('openenv init makes a package that passes its own tests, its linter and its type check at once', async () => {
  await using place = await folderInReach()
  expect(await openenv(['init', 'word-riddles'], { cwd: place.path })).toMatchObject({
    code: 0,
    stderr: '',
  })
  const { tests } = await checkPackage(join(place.path, 'word-riddles'))
  expect(tests).toMatch(/Tests +10 passed/)
}, 120_000)
