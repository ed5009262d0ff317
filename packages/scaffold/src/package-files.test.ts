import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packageFiles } from './package-files.ts'
import { templatePackage } from './template.ts'
import { DEV_DEPENDENCIES, OWN_VERSION } from './versions.ts'
import { yamlText } from './yaml.ts'

const ROOT = new URL('../../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8')
const plan = { name: 'word-count', description: 'Counts: "words", and # signs.', version: '1.0' }

describe('packageFiles', () => {
  it('writes openenv.yaml with the keys of our own environments, in their order [IM-11]', () => {
    const keysOf = (yaml: string) => [...yaml.matchAll(/^(\w+):/gm)].map(([, key]) => key)
    expect(keysOf(packageFiles(plan).get('openenv.yaml') ?? '')).toEqual(
      keysOf(read('environments/echo/openenv.yaml')),
    )
  })

  it('quotes what YAML would read as something else', () => {
    expect(packageFiles(plan).get('openenv.yaml')).toContain(
      `version: '1.0'\ndescription: "Counts: \\"words\\", and # signs."\n`,
    )
    expect(['null', 'no', 'a: b', '- a', 'a # b', 'ok then.', 'a '].map(yamlText)).toEqual([
      '"null"',
      '"no"',
      '"a: b"',
      '"- a"',
      '"a # b"',
      'ok then.',
      '"a "',
    ])
  })

  it('keeps any text on one line of YAML', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(yamlText(text)).not.toMatch(/[\n\r\u0085\u2028\u2029]/)
      }),
    )
  })

  it('installs Python in the image only where the environment needs it [IM-11]', () => {
    expect(packageFiles(plan).get('Dockerfile')).not.toMatch(/python/i)
    const dockerfile = packageFiles({ ...plan, python: '3.11' }).get('Dockerfile')
    expect(dockerfile).toContain('RUN uv python install 3.11\n')
  })

  it('names the versions that this repository is tested with', () => {
    const root = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> }
    for (const [name, range] of Object.entries(DEV_DEPENDENCIES)) {
      const expected = name.startsWith('@openenv-ts/') ? OWN_VERSION : root.devDependencies[name]
      expect([name, range.slice(1)]).toEqual([name, expected])
    }
  })
})

describe('templatePackage', () => {
  it('has the files that packageFiles gives, and a whole environment', () => {
    const files = [...templatePackage('word-count').keys()]
    expect(files).toEqual(expect.arrayContaining([...packageFiles(plan).keys()]))
    expect(files.filter((file) => file.startsWith('src/'))).toContain('src/index.test.ts')
    expect(files).toContain('README.md')
  })
})
