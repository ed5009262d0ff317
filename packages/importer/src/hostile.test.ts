import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { folder } from '../test/folder.ts'
import type { Source } from './importer.ts'
import { builtInRegistry } from './registry.ts'
import { statedNeeds } from './requirements/stated.ts'
import { findingLine } from './source/finding.ts'
import { readSource } from './import.ts'

const ENVIRONMENT = `from ors import Environment
class Good(Environment):
    @classmethod
    def list_splits(cls): return ["train"]
    @classmethod
    def list_tasks(cls, split): return []
    def get_prompt(self): return []
`

function dependency(text: string): string {
  return `[project]\nname = "x"\nversion = "1"\ndependencies = [${JSON.stringify(text)}]\n`
}

async function seen(path: string): Promise<{
  readonly names: readonly string[]
  readonly lines: readonly string[]
  readonly source: Source
}> {
  const source = await readSource(path)
  const names: string[] = []
  for (const importer of builtInRegistry().importers) {
    const { entryPoints } = await importer.detect(source)
    names.push(...entryPoints.map(({ module, name }) => `${module}:${name}`))
  }
  source.python.checkTheRest()
  return { names, lines: [...source.tree.findings, ...source.python.findings()].map(findingLine), source }
}

describe('a source that means harm', () => {
  it('is never run: neither what it does on import, nor its configuration [IM-4]', async () => {
    using place = folder()
    const trace = join(place.path, 'it-ran')
    const act = `open(${JSON.stringify(trace)}, "w").write("x")\nraise SystemExit(1)\n`
    for (const name of ['env.py', '__init__.py', 'conftest.py', 'setup.py', 'sitecustomize.py'])
      writeFileSync(join(place.path, name), act + ENVIRONMENT)
    expect((await seen(place.path)).names).toContain('env:Good')
    expect(existsSync(trace)).toBe(false)
  })

  it('with a file that is no Python gets one line about it, and the rest is read [IM-7]', async () => {
    using place = folder({
      'good.py': ENVIRONMENT,
      'broken.py': 'from ors import Environment\ndef f(:\n    pass\n',
      'indented.py': 'import ors\nclass X:\npass\n',
      'old.py': 'import ors\nprint "hello"\n',
      'latin.py': Buffer.from('# caf\xe9\nimport ors\n', 'latin1'),
      'zeros.py': Buffer.from('import ors\n\0\0\0'),
    })
    const { names, lines } = await seen(place.path)
    expect(names).toEqual(['good:Good'])
    expect(lines).toHaveLength(5)
    for (const [at, file] of ['broken.py', 'indented.py', 'latin.py', 'old.py', 'zeros.py'].entries()) {
      expect(lines[at]).toMatch(new RegExp(`^${file.replace('.', '[.]')}(?::\\d+)?: \\S.*$`))
    }
  })

  it('with files of 50 MB, nesting 1,000 deep, and endless expressions is read in bounds', async () => {
    const deep = (open: string, close: string): string =>
      `import ors\nx = ${open.repeat(1000)}${close.repeat(1000)}\n`
    using place = folder({
      'good.py': ENVIRONMENT,
      'large.py': `import ors\nX = "${'x'.repeat(50 * 1024 * 1024)}"\n`,
      'brackets.py': deep('(', ')'),
      'lists.py': deep('[', ']'),
      'calls.py': deep('f(', ')'),
      'blocks.py': `import ors\n${Array.from({ length: 90 }, (_, at) => `${' '.repeat(at)}if 1:`).join('\n')}\n${' '.repeat(90)}pass\n`,
      'operators.py': `import ors\nx = ${'1 + '.repeat(20_000)}1\n`,
      'attributes.py': `import ors\nclass X(ors${'.a'.repeat(5000)}): pass\n`,
      'classes.py': `import ors\n${Array.from({ length: 3000 }, (_, at) => `class C${String(at + 1)}(C${String(at)}): pass`).join('\n')}\n`,
    })
    const { names, lines } = await seen(place.path)
    expect(names).toEqual(['good:Good'])
    expect(lines.join('\n')).toMatch(/large\.py: 50 MB: modules of more than 4 MB are not read\./)
    expect(lines.join('\n')).toMatch(/brackets\.py: .*1000 deep/)
  })

  // Each took minutes or hours where a step was repeated for every part of a text: the runner's time limit is the bound.
  it.each<readonly [string, Readonly<Record<string, string>>]>([
    ['blanks in a list of requirements', { 'requirements.txt': `a${' '.repeat(1_000_000)}b\n` }],
    ['blanks in a requirement', { 'pyproject.toml': dependency(`a${' '.repeat(1_000_000)}b`) }],
    ['blanks before hashes', { 'requirements.txt': `a${`${' '.repeat(1000)}--hash=a:b`.repeat(900)}!\n` }],
    ['lines that go on', { 'requirements.txt': 'a\\\n'.repeat(340_000) }],
    ['the word import, on one line', { 'big.py': `x = "${'import '.repeat(550_000)}"\n` }],
    ['the word import, on lines that go on', { 'big.py': `x = """${'import \\\n'.repeat(400_000)}"""\n` }],
    ['import and a bracket', { 'big.py': `x = 1 #${'import('.repeat(550_000)}\n` }],
    ['colons in a comment', { 'big.py': `import ors\ndef g(): pass #${':#'.repeat(1_900_000)}\rx = 1\n` }],
  ])('is read in time by its size, with endless %s', async (_what, files) => {
    using place = folder({ 'good.py': ENVIRONMENT, ...files })
    const { names, source } = await seen(place.path)
    statedNeeds(source, 'good.py')
    expect(names).toEqual(['good:Good'])
  })

  it.each([
    ['many stars in a name', '*a'.repeat(30)],
    ['many folders of any name', '**/a/'.repeat(30)],
    ['many patterns', 'x\n'.repeat(500_000)],
    ['a long pattern', 'x'.repeat(100_000)],
  ])('and asks for costly things to be left out is refused: %s', async (_what, text) => {
    using place = folder({ [`${'a'.repeat(200)}.txt`]: '', '.openenvignore': text })
    await expect(readSource(place.path)).rejects.toThrow(/^\.openenvignore /)
  })

  it('with links out, dangling, looping, and to itself has them left out and listed [IM-26]', async () => {
    using outside = folder({ 'secret.py': ENVIRONMENT.replace('Good', 'Outside') })
    using place = folder({ 'pkg/good.py': ENVIRONMENT })
    symlinkSync(join(outside.path, 'secret.py'), join(place.path, 'out.py'))
    symlinkSync(outside.path, join(place.path, 'outfolder'))
    symlinkSync('nowhere.py', join(place.path, 'dangling.py'))
    symlinkSync('loop.py', join(place.path, 'loop.py'))
    symlinkSync('..', join(place.path, 'pkg/up'))
    symlinkSync('good.py', join(place.path, 'pkg/again.py'))
    const { names, source } = await seen(place.path)
    expect(names).toEqual(['pkg.good:Good'])
    expect(source.tree.leftOut.map(({ path }) => path)).toEqual([
      'dangling.py',
      'loop.py',
      'out.py',
      'outfolder',
      'pkg/again.py',
      'pkg/up',
    ])
  })

  it('with names that would change the terminal is reported without them', async () => {
    using place = folder({
      'good.py': ENVIRONMENT,
      'new\nline.py': 'import ors\ndef f(:\n',
      'esc\u001b[31m.py': 'import ors\ndef f(:\n',
    })
    const { names, lines } = await seen(place.path)
    expect(names).toEqual(['good:Good'])
    for (const line of lines) expect(line).not.toMatch(/[\u0000-\u001f]/)
    expect(lines).toHaveLength(2)
  })

  it('of 10,000 files is read, virtual environments and caches apart [IM-7]', async () => {
    using place = folder({
      'good.py': ENVIRONMENT,
      '.venv/pyvenv.cfg': '',
      '.venv/lib/x.py': ENVIRONMENT,
      'env2/pyvenv.cfg': '',
      'env2/y.py': ENVIRONMENT,
    })
    for (let at = 0; at < 100; at += 1) {
      mkdirSync(join(place.path, `d${String(at)}`))
      for (let file = 0; file < 100; file += 1)
        writeFileSync(
          join(place.path, `d${String(at)}`, `m${String(file)}.py`),
          `import os\nx = ${String(file)}\n`,
        )
    }
    const { names, source } = await seen(place.path)
    expect(source.tree.files.length).toBeGreaterThan(10_000)
    expect(names).toEqual(['good:Good'])
  })

  it('of whatever text never breaks detection', async () => {
    const piece = fc.constantFrom(
      'class X(',
      'ors',
      '.Environment',
      ')',
      ':',
      '\n',
      '    ',
      'import ',
      'from ors import *',
      '\\',
      '"""',
      "'",
      '#',
      '[',
      '(',
      'if ',
      '=',
      ',',
      'é',
      '\0',
      '\r',
      'def f():',
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(piece, fc.string({ maxLength: 5 })), { maxLength: 60 }),
        async (pieces) => {
          using place = folder({ 'env.py': `import ors\nimport verifiers\n${pieces.join('')}` })
          const { source } = await seen(place.path)
          expect(source.tree.files.map(({ path: name }) => name)).toEqual(['env.py'])
        },
      ),
      { numRuns: 150 },
    )
  })
})
