import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { scratch } from '../test/environments.ts'
import { fingerprint } from './fingerprint.ts'

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), text)
  }
}

const FILES = {
  'game.ts': `import { type Rule, rule } from './lib/rule.js'\nexport * from "./lib"\nvoid import('./late.ts')\n`,
  'lib/rule.ts': `import data from '../data.json' with { type: 'json' }\nexport type Rule = typeof data\nexport const rule = data`,
  'lib/index.ts': `import type { Rule } from './rule.ts'\nexport const again = (rule: Rule): Rule => rule`,
  'late.ts': `import './game.ts'\nimport 'zod'\nthrow new Error('run')`,
  'data.json': '{"a":1}',
  'other.ts': 'export const not = "./data.json"',
  'package-lock.json': '{"lockfileVersion":3}',
}

describe('fingerprint [RR-14]', () => {
  it('of a file changes with each file that it imports, however that is written, and with no other', async () => {
    await using place = await scratch()
    const root = place.path('env')
    await write(root, FILES)
    const whole = await fingerprint(join(root, 'game.ts'))
    expect(whole).toEqual({ files: expect.stringMatching(/^[0-9a-f]{64}$/), lock: expect.any(String) })
    expect(await fingerprint(pathToFileURL(join(root, 'game.ts')))).toEqual(whole)
    for (const name of Object.keys(FILES)) {
      await write(root, { [name]: `${FILES[name as keyof typeof FILES]}\n` })
      const { files, lock } = (await fingerprint(join(root, 'game.ts'))) ?? {}
      const unchanged = ['other.ts', 'package-lock.json'].includes(name)
      expect([name, files === whole?.files, lock === whole?.lock]).toEqual([
        name,
        unchanged,
        name !== 'package-lock.json',
      ])
      await write(root, { [name]: FILES[name as keyof typeof FILES] })
    }
  })

  it('of a package changes with each file that it publishes, and is the same wherever it lies', async () => {
    await using place = await scratch()
    const root = place.path('pack')
    await write(root, {
      'package.json': '{"name":"p","version":"1.0.0","files":["src","!src/**/*.test.ts"]}',
      'src/index.ts': 'export default 1',
      'src/index.test.ts': 'no',
      'notes.md': 'private',
    })
    const whole = await fingerprint(root)
    await cp(root, place.path('copy'), { recursive: true })
    expect((await fingerprint(place.path('copy')))?.files).toBe(whole?.files)
    await write(root, { 'notes.md': 'changed', 'src/index.test.ts': 'changed' })
    expect((await fingerprint(root))?.files).toBe(whole?.files)
    await write(root, { 'src/index.ts': 'export default 2' })
    expect((await fingerprint(root))?.files).not.toBe(whole?.files)
  })

  it('of a package without a list leaves out what its ignore file names, and what is installed', async () => {
    await using place = await scratch()
    const root = place.path('pack')
    await write(root, {
      'package.json': '{"name":"p","version":"1.0.0"}',
      '.gitignore': 'secret.txt\nbuilt/\n',
      'index.ts': 'export default 1',
      'secret.txt': 'no',
      'built/index.js': 'no',
      'node_modules/other/index.js': 'no',
    })
    const whole = await fingerprint(root)
    await write(root, { 'secret.txt': '1', 'built/index.js': '1', 'node_modules/other/index.js': '1' })
    expect((await fingerprint(root))?.files).toBe(whole?.files)
    await write(root, { 'index.ts': 'export default 2' })
    expect((await fingerprint(root))?.files).not.toBe(whole?.files)
  })

  it('is null for a URL, and an error for what is not there', async () => {
    await using place = await scratch()
    for (const url of ['https://example.org', 'ws://127.0.0.1:8000/ws', new URL('http://x/')]) {
      expect(await fingerprint(url)).toBeNull()
    }
    await expect(fingerprint(place.path('nothing.ts'))).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(fingerprint(place.dir)).rejects.toThrow('has no package.json')
  })
})
