import { describe, expect, it } from 'vitest'
import { detected } from '../../test/detected.ts'
import { folder } from '../../test/folder.ts'
import { verifiersImporter } from './verifiers.ts'
import { readSource } from '../import.ts'

const found = async (files: Readonly<Record<string, string>>) =>
  (await detected(verifiersImporter, files)).names

async function needed(files: Readonly<Record<string, string>>) {
  using place = folder(files)
  const source = await readSource(place.path)
  const [entryPoint] = (await verifiersImporter.detect(source)).entryPoints
  if (entryPoint === undefined) throw new Error('Nothing was detected.')
  return await verifiersImporter.generate(source, entryPoint, { name: 'x', vendored: 'vendor/x' })
}

describe('load_environment [IM-6]', () => {
  it.each([
    'import verifiers as vf\ndef load_environment(): ...',
    'import verifiers\nasync def load_environment(**kwargs): ...',
    'from verifiers import SingleTurnEnv\ndef load_environment(split="train"): ...',
    'from verifiers.rubrics import JudgeRubric\ndef load_environment(): ...',
    'import verifiers.v1\ndef load_environment(config): ...',
    'import verifiers\nif True:\n    def load_environment(): ...',
    'import verifiers\n@cache\ndef load_environment(): ...',
  ])('in %j', async (text) => {
    expect(await found({ 'env.py': text })).toEqual(['env:load_environment'])
  })

  it.each([
    'def load_environment(): ...',
    'import verifierz\ndef load_environment(): ...',
    'import verifiers\nclass A:\n    def load_environment(self): ...',
    'import verifiers\ndef make():\n    def load_environment(): ...',
    'import verifiers\nload_environment = 1',
    '# import verifiers\ndef load_environment(): ...',
    'import verifiers\ndef load_environment(): ...\nload_environment = None',
  ])('not in %j', async (text) => {
    expect(await found({ 'env.py': text })).toEqual([])
  })

  it('is the tree’s own verifiers where it has one [IM-25]', async () => {
    expect(
      await found({ 'verifiers.py': '', 'env.py': 'import verifiers\ndef load_environment(): ...' }),
    ).toEqual([])
  })

  it('is counted once where a package passes it on, and twice where there are two', async () => {
    const one = 'import verifiers as vf\ndef load_environment(): ...'
    expect(
      await found({ 'pkg/__init__.py': 'from .env import load_environment\n', 'pkg/env.py': one }),
    ).toEqual(['pkg.env:load_environment'])
    expect(await found({ 'one.py': one, 'two.py': one })).toHaveLength(2)
  })

  it('is not imported from a file whose name is none, which is said', async () => {
    const { names, findings } = await detected(verifiersImporter, {
      'my-env.py': 'import verifiers\ndef load_environment(): ...',
    })
    expect(names).toEqual([])
    expect(findings).toEqual([expect.objectContaining({ file: 'my-env.py', line: 2 })])
  })
})

describe('Tasksets of verifiers.v1 [IM-20]', () => {
  const taskset =
    'import verifiers.v1 as vf\nclass T(vf.Taskset[vf.Task, vf.TasksetConfig]):\n    def load(self): ...\n'

  it('that a package names in __all__, whatever way they come there', async () => {
    expect(
      await found({ 'pkg/__init__.py': 'from .tasks import T\n__all__ = ["T"]\n', 'pkg/tasks.py': taskset }),
    ).toEqual(['pkg:T'])
    expect(
      await found({
        'pkg/__init__.py': 'from pkg.tasks import *\n__all__ = ("T",)\n',
        'pkg/tasks.py': `${taskset}__all__ = ["T"]\n`,
      }),
    ).toEqual(['pkg:T'])
    expect(
      await found({
        'solo.py': `from verifiers.v1 import Taskset as Base\nclass U(Base): ...\n__all__ = ["U"]`,
      }),
    ).toEqual(['solo:U'])
    expect(await found({ 'solo.py': taskset })).toEqual([])
  })

  it('through local bases, which are bases and no entry points [IM-25]', async () => {
    const { names, bases } = await detected(verifiersImporter, {
      'pkg/__init__.py': 'from .tasks import T, U\n__all__ = ["T", "U"]\n',
      'pkg/tasks.py': `${taskset}class U(T): ...\n`,
    })
    expect(names).toEqual(['pkg:U'])
    expect(bases).toEqual([expect.objectContaining({ name: 'T' })])
  })

  it('are no entry points of the generation that has a load_environment beside them', async () => {
    const files = { 'env.py': `${taskset}__all__ = ["T"]\ndef load_environment(config=None): ...\n` }
    expect(await found(files)).toEqual(['env:load_environment'])
    expect((await needed(files)).python).toEqual({
      requires: '>=3.10,<3.14',
      requirements: ['verifiers==0.1.14'],
    })
  })

  it('need a library of their own generation, as load_environment does [IM-21]', async () => {
    const later = await needed({
      'pkg/__init__.py': 'from .tasks import T\n__all__ = ["T"]\n',
      'pkg/tasks.py': taskset,
    })
    expect(later.python).toEqual({ requires: '>=3.11,<3.15', requirements: ['verifiers>=0.3.1'] })
    const classic = await needed({
      'env.py':
        'import verifiers as vf\nimport os\nos.environ["BASE"]\ndef load_environment(): return vf.JudgeRubric()',
      'requirements.txt':
        '-r more.txt\n--index-url https://example.com\n./wheels/x.whl\nverifiers>=0.1.10 # the library\n',
      'more.txt': 'datasets==3.0\n-e .\n',
    })
    expect(classic.python?.requirements).toEqual([
      'datasets==3.0',
      'verifiers>=0.1.10',
      'verifiers>=0.1.11,<0.4',
    ])
    expect(classic.findings.map(({ message }) => message)).toEqual([
      'An option of the installer is not followed: --index-url https://example.com',
      'A requirement from a path is not followed: ./wheels/x.whl',
      'An editable install is not followed: -e .',
    ])
    expect(classic.variables).toEqual({
      passed: ['BASE', 'OPENAI_BASE_URL'],
      held: ['OPENAI_API_KEY'],
      refused: [],
    })
    expect(classic.wrapper).toContain(
      "variables: [\n    'BASE',\n    'OPENAI_BASE_URL',\n    // 'OPENAI_API_KEY',\n  ],",
    )
  })
})

const project = (...dependencies: readonly string[]) =>
  `[project]\nname = "env"\ndependencies = ${JSON.stringify(dependencies)}\n`
const LOADER = 'def load_environment(): ...\n'

describe('the release of verifiers', () => {
  const bounds = async (text: string, ...dependencies: readonly string[]) => {
    const { python } = await needed({
      'env.py': `import verifiers as vf\n${text}\n${LOADER}`,
      'pyproject.toml': project(...dependencies),
    })
    return python?.requirements.filter((line) => line.startsWith('verifiers')).at(-1)
  }

  it.each([
    ['nothing but what all have', 'vf.SingleTurnEnv', 'verifiers>=0.1.11,<0.4'],
    [
      'a module that later ones lack',
      'from verifiers.envs.experimental.rlm_env import RLMEnv',
      'verifiers>=0.1.11,<0.2.0',
    ],
    [
      'a module of 0.1.12 on',
      'from verifiers.envs.experimental.composable import SandboxSpec',
      'verifiers>=0.1.12,<0.4',
    ],
    [
      'a module of two releases',
      'from verifiers.envs.experimental.composable.tasksets.lean import LeanTaskSet',
      'verifiers>=0.1.12,<0.2.0',
    ],
    ['a name of later ones', 'x = vf.RendererClient', 'verifiers>=0.1.14,<0.4'],
    ['a name of earlier ones', 'def f(): return vf.ErrorInfo', 'verifiers>=0.1.11,<0.2.0'],
    [
      'a name that it can do without',
      'try:\n    from verifiers.envs.experimental.rlm_env import RLMEnv\nexcept ImportError: pass',
      'verifiers>=0.1.11,<0.4',
    ],
    [
      'a name for types',
      'from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from verifiers.envs.experimental.rlm_env import RLMEnv',
      'verifiers>=0.1.11,<0.4',
    ],
    [
      'rows with a text as task',
      'rows = [{"question": "q", "answer": "a", "task": "aidan"}]',
      'verifiers>=0.1.11,<0.1.14',
    ],
    [
      'rows with a name for a text as task',
      'NAME = "aidan"\ndef f(x): return {"prompt": x, "task": NAME}',
      'verifiers>=0.1.11,<0.1.14',
    ],
    ['a column of texts', 'd = d.add_column("task", ["a"] * len(d))', 'verifiers>=0.1.11,<0.1.14'],
    [
      'rows with an object as task',
      'rows = [{"question": "q", "task": {"id": 1}}]',
      'verifiers>=0.1.11,<0.4',
    ],
    ['rows with JSON as task', 'rows = [{"question": "q", "task": \'{"id": 1}\'}]', 'verifiers>=0.1.11,<0.4'],
    ['a task of something else', 'x = {"task": "clean up"}', 'verifiers>=0.1.11,<0.4'],
  ])('is chosen by what a source uses: %s', async (_, text, expected) => {
    expect(await bounds(text)).toBe(expected)
  })

  it.each([
    '==0.1.11',
    '==0.1.12',
    '==0.1.14',
    '==0.3.1',
    '>=0.1.12',
    '~=0.3.0',
    '>0.1.5',
    '==0.1.*',
    '==0.1.12.dev3',
    '<0.3',
  ])('may be held at %s by the source', async (held) => {
    const { python } = await needed({
      'env.py': `import verifiers\n${LOADER}`,
      'pyproject.toml': project(`verifiers${held}`),
    })
    expect(python?.requirements).toContain(`verifiers${held}`)
  })

  it.each(['==0.1.5', '<0.1.11', '==0.1.8.post2', '>=0.4', '==0.4.0', '~=0.4.0', '==0.5.1'])(
    'held at %s, which cannot be played, is refused at the import',
    async (held) => {
      const files = { 'env.py': `import verifiers\n${LOADER}`, 'pyproject.toml': project(`verifiers${held}`) }
      await expect(needed(files)).rejects.toMatchObject({
        name: 'ImportRefusal',
        code: 'UNSUPPORTED_VERSION',
      })
    },
  )

  it.each(['==0.3.1', '>=0.4.0', '>=0.4.1.dev14', '==0.4.1.dev3', '>=0.2'])(
    'of a Taskset may be held at %s',
    async (held) => {
      const text = 'import verifiers.v1 as vf\nclass T(vf.Taskset): ...\n__all__ = ["T"]\n'
      const { python } = await needed({ 'env.py': text, 'pyproject.toml': project(`verifiers${held}`) })
      expect(python?.requirements).toContain(`verifiers${held}`)
    },
  )

  it.each(['==0.2.1', '<0.3', '==0.1.14'])('of a Taskset held at %s is refused', async (held) => {
    const text = 'import verifiers.v1 as vf\nclass T(vf.Taskset): ...\n__all__ = ["T"]\n'
    await expect(needed({ 'env.py': text, 'pyproject.toml': project(`verifiers${held}`) })).rejects.toThrow(
      /0\.3\.1 and later/,
    )
  })

  it('follows the requirements where they leave no release that has all, and says so', async () => {
    const { python, findings } = await needed({
      'env.py': `from verifiers.envs.experimental.rlm_env import RLMEnv\n${LOADER}`,
      'pyproject.toml': project('verifiers>=0.3'),
    })
    expect(python?.requirements).toEqual(['verifiers>=0.3', 'verifiers>=0.3.0,<0.4'])
    expect(findings).toEqual([
      expect.objectContaining({
        file: 'env.py',
        line: 1,
        message: expect.stringContaining('rlm_env') as string,
      }),
    ])
  })
})

describe('load_environment behind another module', () => {
  it.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    [
      'of the source',
      { 'env.py': `from core import make\n${LOADER}`, 'core.py': 'import verifiers\ndef make(): ...' },
      ['env:load_environment'],
    ],
    [
      'that has one itself, which is inner',
      {
        'env.py': `from inner import load_environment as load\ndef load_environment(**k): return load(**k)\n`,
        'inner.py': `import verifiers\n${LOADER}`,
      },
      ['env:load_environment'],
    ],
    [
      'that has one itself, called as its attribute',
      {
        'env.py': `import inner\ndef load_environment(): return inner.load_environment()\n`,
        'inner.py': `import verifiers\n${LOADER}`,
      },
      ['env:load_environment'],
    ],
    [
      'from elsewhere, where the project requires verifiers',
      {
        'poker.py': 'from glue import make_env\ndef load_environment(): return make_env("poker")\n',
        'pyproject.toml': project('glue', 'verifiers>=0.1.9'),
      },
      ['poker:load_environment'],
    ],
    [
      'from elsewhere, passed on by name',
      {
        'poker.py': 'from glue import load_environment\n',
        'pyproject.toml': project('verifiers @ git+https://example.com/v'),
      },
      ['poker:load_environment'],
    ],
    [
      'from elsewhere, where nothing says verifiers',
      { 'poker.py': `from glue import make_env\n${LOADER}`, 'pyproject.toml': project('glue') },
      [],
    ],
    [
      'by assignment',
      { 'env.py': 'import verifiers\ndef make(): ...\nload_environment = make\n' },
      ['env:load_environment'],
    ],
    [
      'by partial',
      { 'env.py': 'import verifiers\nload_environment = functools.partial(make, 1)\n' },
      ['env:load_environment'],
    ],
    [
      'by lambda',
      { 'env.py': 'import verifiers\nload_environment = lambda **k: 1\n' },
      ['env:load_environment'],
    ],
    [
      'of a neighbor that lends it a helper',
      {
        'one.py': `import verifiers\n${LOADER}def help(): ...\n`,
        'two.py': `from one import help\nimport verifiers\n${LOADER}`,
      },
      ['one:load_environment', 'two:load_environment'],
    ],
  ])('%s', async (_, files, expected) => {
    expect(await found(files)).toEqual(expected)
  })

  it('leaves the inner one among the bases, so that it can be chosen', async () => {
    const { bases } = await detected(verifiersImporter, {
      'env.py': 'from inner import load_environment as load\ndef load_environment(): return load()\n',
      'inner.py': `import verifiers\n${LOADER}`,
    })
    expect(bases).toEqual([
      expect.objectContaining({ module: 'inner', why: 'another load_environment calls it' }),
    ])
  })
})

it('arguments that load_environment needs are said, and stand in the wrapper', async () => {
  const made = await needed({
    'env.py':
      'import verifiers\ndef load_environment(level, size: int, n=1, *args, seed: int = 2, **kwargs): ...\n',
  })
  expect(made.requiredArguments).toEqual(['level', 'size'])
  expect(made.wrapper).toContain('  arguments: {\n    // level: …,\n    // size: …,\n  },')
  expect((await needed({ 'env.py': `import verifiers\n${LOADER}` })).requiredArguments).toEqual([])
})
