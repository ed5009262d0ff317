import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { detected } from '../../test/detected.ts'
import { folder } from '../../test/folder.ts'
import { orsImporter } from './ors.ts'
import { readSource } from '../import.ts'

/** The body of a class that has all that an environment needs. */
const WHOLE = `
    @classmethod
    def list_splits(cls): return ["train"]
    @classmethod
    def list_tasks(cls, split): return []
    def get_prompt(self): return []
`
const found = async (text: string) => (await detected(orsImporter, { 'env.py': text })).names

describe('classes that inherit Environment [IM-5]', () => {
  it.each([
    ['from ors import Environment', 'Environment'],
    ['from ors.environment import Environment', 'Environment'],
    ['from openreward.environments import Environment', 'Environment'],
    ['from openreward.environments.environment import Environment', 'Environment'],
    ['from openreward import Environment', 'Environment'],
    ['from openreward.environment import Environment', 'Environment'],
    ['from openrewardstandard import Environment', 'Environment'],
    ['from openrewardstandard.environment import Environment', 'Environment'],
    ['import ors', 'ors.Environment'],
    ['import ors as o', 'o.Environment'],
    ['import ors.environment', 'ors.environment.Environment'],
    ['import ors.environment as oe', 'oe.Environment'],
    ['import openreward.environments', 'openreward.environments.Environment'],
    ['import openreward.environments.environment as e', 'e.Environment'],
    ['from openreward import environments', 'environments.Environment'],
    ['from openreward import environments as e', 'e.environment.Environment'],
    ['from ors import environment', 'environment.Environment'],
    ['from ors import Environment as E', 'E'],
    ['from ors import *', 'Environment'],
    ['from openreward.environments import *', 'Environment'],
    ['from ors import Environment\nB = Environment', 'B'],
    ['import ors\nB = ors.Environment\nC = B', 'C'],
    ['from ors import Environment', 'Environment[int]'],
    ['import ors', 'ors.Environment["Task", int]'],
    ['from ors import Environment', 'metaclass=M, Environment'.split(', ').reverse().join(', ')],
    ['from ors import Environment', 'object, Environment'],
    ['from ors import Environment', '(Environment)'],
    [
      'try:\n    from openreward.environments import Environment\nexcept ImportError:\n    from ors import Environment',
      'Environment',
    ],
    ['import ors\nif True:\n    Base = ors.Environment\nelse:\n    Base = object', 'Base'],
    ['from ors import (\n    Environment,  # the base\n    tool,\n)', 'Environment'],
    ['import json, ors as o, sys', 'o.Environment'],
    ['import \\\n  ors', 'ors.Environment'],
  ])('%j, class X(%s)', async (imports, base) => {
    expect(await found(`${imports}\nclass X(${base}):${WHOLE}`)).toEqual(['env:X'])
  })

  it.each([
    ['from gymnasium import Environment', 'Environment'],
    ['from ors import Other as Environment', 'Environment'],
    ['Environment = object', 'Environment'],
    ['from ors import Environment\nEnvironment = object', 'Environment'],
    ['from orsx import Environment', 'Environment'],
    ['"""from ors import Environment"""\nEnvironment = object', 'Environment'],
    ['import ors', 'ors.Environments'],
    ['from .ors import Environment', 'Environment'],
    ['from ors import Environment\ndef make():\n  return 1', 'make().Environment'],
  ])('not %j, class X(%s)', async (imports, base) => {
    expect(await found(`${imports}\nclass X(${base}):${WHOLE}`)).toEqual([])
  })

  it('only at the top of a module, where an import gets', async () => {
    expect(
      await found(
        `from ors import Environment\ndef make():\n    class X(Environment):\n        pass\nclass Outer:\n    class Y(Environment):\n        pass\nif __name__ == "__main__":\n    class Z(Environment):${WHOLE.replaceAll('\n', '\n    ')}`,
      ),
    ).toEqual([])
  })

  it('through local bases, files and packages away, by whatever way they are named [IM-5][IM-25]', async () => {
    const { names, bases } = await detected(orsImporter, {
      'pkg/__init__.py': 'from .shared import *\n__all__ = ["Base"]\n',
      'pkg/shared.py': 'from ..common.base import Root as Base\n',
      'common/__init__.py': '',
      'common/base.py': `import openreward.environments as orw\nclass Root(orw.Environment):${WHOLE}`,
      'main.py': 'import pkg\nclass Last(pkg.Base): pass\nclass Alone(pkg.Base): pass\n',
    })
    expect(names).toEqual(['main:Last', 'main:Alone'])
    expect(bases).toEqual([expect.objectContaining({ name: 'Root', why: 'other classes inherit from it' })])
  })

  it('are bases where they lack tasks, splits or prompt, own or inherited [IM-25]', async () => {
    const { names, bases } = await detected(orsImporter, {
      'env.py': `from ors import Environment\nclass Bare(Environment):\n    def get_prompt(self): return []\n`,
      'mixed.py': `from ors import Environment\nfrom elsewhere import Mixin\nclass Mixed(Mixin, Environment): pass\n`,
    })
    expect(bases).toEqual([
      expect.objectContaining({ name: 'Bare', why: 'it has no list_splits, no list_tasks' }),
    ])
    // Whatever a foreign base brings is not seen, so it is not said to be lacking.
    expect(names).toEqual(['mixed:Mixed'])
  })

  it('mean the tree’s own ors where it has one [IM-25]', async () => {
    for (const own of ['ors.py', 'ors/__init__.py', 'src/ors/__init__.py']) {
      const { names } = await detected(orsImporter, {
        [own]: 'class Environment: pass\n',
        'src/env.py': `from ors import Environment\nclass X(Environment):${WHOLE}`,
        'env.py': `import ors.environment\nclass Y(ors.environment.Environment):${WHOLE}`,
      })
      expect(names).toEqual([])
    }
  })

  it('have the names under which they are imported, from src too', async () => {
    const { names } = await detected(orsImporter, {
      'src/desk/server.py': `from ors import Environment\nclass X(Environment):${WHOLE}`,
    })
    expect(names).toEqual(['desk.server:X'])
  })

  it('are found behind any chain of aliases, and loops of them end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 30 }), fc.boolean(), async (length, loop) => {
        const chain = Array.from({ length }, (_, at) => `A${String(at + 1)} = A${String(at)}`).join('\n')
        const start = loop ? `A0 = A${String(length)}` : 'from ors import Environment as A0'
        const names = await found(`import ors\n${start}\n${chain}\nclass X(A${String(length)}):${WHOLE}`)
        expect(names).toEqual(loop ? [] : ['env:X'])
      }),
      { numRuns: 20 },
    )
  })
})

describe('the package of an ORS class', () => {
  it('needs the library of its base, what the source states, and what it imports and is known [IM-8][IM-21]', async () => {
    using place = folder({
      'pyproject.toml':
        '[project]\nname = "x"\nrequires-python = ">=3.12"\ndescription = "A desk."\ndependencies = ["ors>=1", "httpx>=0.27", "mine @ git+https://example.com/mine.git"]\n',
      'env.py': `import yaml, httpx, os, local, unheard_of\nfrom ors import Environment\nclass X(Environment):${WHOLE}\n    def setup(self):\n        self.key = secrets["API_KEY"] if False else self.secrets.get("OTHER")\n`,
      'local.py': 'import numpy\n',
    })
    const source = await readSource(place.path)
    const { entryPoints } = await orsImporter.detect(source)
    const [entryPoint] = entryPoints
    if (entryPoint === undefined) throw new Error('Nothing was detected.')
    const made = await orsImporter.generate(source, entryPoint, { name: 'desk', vendored: 'vendor/desk' })
    expect(made.python).toEqual({
      requires: '>=3.12,>=3.10',
      requirements: ['httpx>=0.27', 'numpy', 'ors-sdk', 'pyyaml'],
      notFollowed: [{ name: 'mine', requirement: 'mine @ git+https://example.com/mine.git' }],
    })
    expect(made.secrets).toEqual(['API_KEY', 'OTHER'])
    expect(made.description).toBe('A desk.')
    const messages = made.findings.map(({ message }) => message).join('\n')
    expect(messages).toContain('ors-sdk is taken in its place')
    expect(messages).toContain('from version control is not followed: mine @ git+')
    expect(messages).toContain('It imports unheard_of')
  })
})
