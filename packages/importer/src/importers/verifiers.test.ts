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
    expect(later.python).toEqual({ requires: '>=3.11,<3.15', requirements: ['verifiers>=0.2'] })
    const classic = await needed({
      'env.py':
        'import verifiers as vf\nimport os\nos.environ["BASE"]\ndef load_environment(): return vf.JudgeRubric()',
      'requirements.txt':
        '-r more.txt\n--index-url https://example.com\n./wheels/x.whl\nverifiers>=0.1.10 # the library\n',
      'more.txt': 'datasets==3.0\n-e .\n',
    })
    expect(classic.python?.requirements).toEqual(['datasets==3.0', 'verifiers<0.4', 'verifiers>=0.1.10'])
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
