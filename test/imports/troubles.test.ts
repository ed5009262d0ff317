import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openLocal } from '@openenv-ts/core'
import {
  openPythonEnvironment,
  type PythonEnvironment,
  type PythonEnvironmentOptions,
} from '@openenv-ts/python-bridge'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { installed } from './versions.ts'

let root: string
const opened: PythonEnvironment[] = []
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'openenv-troubles-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await Promise.all(opened.splice(0).map((environment) => environment.close()))
})
afterAll(() => rm(root, { recursive: true, force: true }))

interface Source {
  readonly files: Readonly<Record<string, string>>
  readonly kind?: 'verifiers' | 'verifiers-v1' | 'ors'
  readonly module?: string
  readonly attribute?: string
  /** Of verifiers; null for a Python without any library. */
  readonly version?: string | null
  readonly options?: Partial<PythonEnvironmentOptions>
}

/** Starts a source that is written for one test. */
async function start(source: Source): Promise<PythonEnvironment> {
  const {
    files,
    kind = 'verifiers',
    module = 'source',
    attribute = 'load_environment',
    version = '0.3.1',
  } = source
  const folder = await mkdtemp(join(root, 'package-'))
  for (const [path, text] of Object.entries({ 'python/requirements.lock': '', ...files })) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const environment = await openPythonEnvironment({
    name: 'source',
    description: 'A source with a trouble.',
    version: '0.0.0',
    package: folder,
    source: { kind, module, attribute, path: 'vendor' },
    python: {
      requires: '',
      requirements: 'python/requirements.lock',
      ...(version === null ? {} : { environment: installed(version) }),
    },
    sessions: 'shared',
    ...source.options,
  })
  opened.push(environment)
  return environment
}

const HEAD = 'import asyncio, os, sys\nimport verifiers as vf\nfrom datasets import Dataset\n'
const MAKE = `
def right(completion, answer) -> float:
    return 1.0 if answer in str(completion[-1]["content"]) else 0.0


def make(**more):
    rows = Dataset.from_list([{"question": "What is 1 + 1?", "answer": "2", **more}])
    return vf.SingleTurnEnv(dataset=rows, rubric=vf.Rubric(funcs=[right]))
`
const source = (body: string): Readonly<Record<string, string>> => ({
  'vendor/source.py': `${HEAD}${MAKE}\n${body}`,
})

async function rewardOf(environment: PythonEnvironment, completion = '2'): Promise<number | null> {
  await using episode = openLocal(environment)
  await episode.reset({ seed: 0 })
  return (await episode.step({ type: 'call_tool', tool_name: 'submit', arguments: { completion } })).reward
}

describe('a source is played', () => {
  it.each([
    [
      'asyncio.run in load_environment',
      'def load_environment():\n    async def fetch():\n        return {}\n    return make(**asyncio.run(fetch()))\n',
    ],
    [
      'asyncio.run in its module',
      'async def fetch():\n    return {}\nROW = asyncio.run(fetch())\ndef load_environment():\n    return make(**ROW)\n',
    ],
    [
      'run_until_complete in its module',
      'async def fetch():\n    return {}\nROW = asyncio.get_event_loop().run_until_complete(fetch())\ndef load_environment():\n    return make(**ROW)\n',
    ],
    [
      'run_until_complete after asyncio.run',
      'async def fetch():\n    return {}\nasyncio.run(fetch())\ndef load_environment():\n    return make(**asyncio.new_event_loop().run_until_complete(fetch()))\n',
    ],
    [
      'an asynchronous load_environment',
      'async def load_environment():\n    await asyncio.sleep(0)\n    return make()\n',
    ],
  ])('that has %s', async (_, body) => {
    expect(await rewardOf(await start({ files: source(body) }))).toBe(1)
  })

  it.each([
    ['math', 'math.py'],
    ['json', 'json/__init__.py'],
  ])('whose module has the name of %s in the standard library', async (module, file) => {
    const body = [
      HEAD,
      MAKE,
      `import ${module} as standard`,
      'from pydantic import BaseModel',
      'class Settings(BaseModel):\n    name: "Name" = "x"',
      'Name = str',
      'def load_environment():',
      // What the name means to everybody else is the standard library's.
      '    import math, statistics, json, queue',
      '    assert math.sqrt(4) == 2 and statistics.mean([1, 3]) == 2 and json.loads("[]") == [] and queue.Queue',
      `    assert __name__ == ${JSON.stringify(module)} and load_environment.__module__ == __name__`,
      '    import pickle',
      '    assert pickle.loads(pickle.dumps(right)) is right',
      '    return make()',
    ].join('\n')
    expect(await rewardOf(await start({ files: { [`vendor/${file}`]: body }, module }))).toBe(1)
  })
})

describe('a source is refused in a sentence that says what to do', () => {
  /** What any library's source may raise: here one that needs none. */
  const boom = (raised: string): Source => ({
    kind: 'ors',
    version: null,
    files: {
      'vendor/source.py': `import os
${raised}
`,
    },
  })

  it.each<readonly [what: string, trouble: Source, says: RegExp]>([
    [
      'required arguments',
      { files: source('def load_environment(level, size, seed=1):\n    return make()\n') },
      /needs the arguments level, size: give them in `arguments` in src\/index\.ts/,
    ],
    [
      'an argument that it does not take',
      {
        files: source('def load_environment(level=1):\n    return make()\n'),
        options: { arguments: { levle: 2 } },
      },
      /takes no argument levle: change `arguments` in src\/index\.ts\. It takes level\./,
    ],
    [
      'SandboxEnv',
      {
        files: source(
          'def load_environment():\n    return vf.SandboxEnv(dataset=make().dataset, start_command=3)\n',
        ),
      },
      /makes a SandboxEnv, .* sandbox service, a browser or a container/,
    ],
    [
      'PythonEnv',
      { files: source('def load_environment():\n    return vf.PythonEnv(dataset=make().dataset)\n') },
      /makes a PythonEnv, which is a SandboxEnv/,
    ],
    [
      'a class of its own that inherits one',
      {
        files: source(
          'class Mine(vf.PythonEnv):\n    pass\ndef load_environment():\n    return Mine(dataset=make().dataset)\n',
        ),
      },
      /makes a Mine, which is a SandboxEnv/,
    ],
    [
      'SandboxEnv of 0.1.11',
      {
        files: source('def load_environment():\n    return vf.SandboxEnv(dataset=make().dataset)\n'),
        version: '0.1.11',
      },
      /makes a SandboxEnv, .* sandbox service/,
    ],
    [
      'a group with a sandbox in it',
      {
        files: source(
          'def load_environment():\n    return vf.EnvGroup(envs=[make(), vf.PythonEnv(dataset=make().dataset)])\n',
        ),
      },
      /makes a PythonEnv/,
    ],
    [
      'a text in the column task',
      { files: source('def load_environment():\n    return make(task="maths")\n') },
      /text in the column `task`, .* `verifiers<0\.1\.13`/,
    ],
    ['no function', { files: source('load_environment = 3\n') }, /is no function/],
    [
      'another generation of the library',
      { files: { 'vendor/source.py': 'def load_environment():\n    return 1\n' }, version: '0.4.0' },
      /needs verifiers 0\.1\.11 to 0\.3\.1/,
    ],
    [
      'a group of exceptions',
      boom(
        'raise ExceptionGroup("unhandled errors in a TaskGroup", [ExceptionGroup("inner", [ConnectionError("the server is away"), ValueError("and this")])])',
      ),
      /unhandled errors.*ConnectionError: the server is away; ValueError: and this/,
    ],
    [
      'a group of very many',
      boom('raise ExceptionGroup("many", [ValueError("x" * 5000) for _ in range(500)])'),
      /^Python raised during load: ExceptionGroup: many \(500 sub-exceptions\).{0,700}$/,
    ],
    [
      'ensure_keys',
      { files: source('def load_environment():\n    vf.ensure_keys(["SERPER_API_KEY"])\n') },
      /set SERPER_API_KEY and add 'SERPER_API_KEY' to `variables` in src\/index\.ts/,
    ],
    [
      'a variable that is read',
      boom('os.environ["JUDGE_ADDRESS"]'),
      /set JUDGE_ADDRESS and add 'JUDGE_ADDRESS' to `variables` in src\/index\.ts/,
    ],
    [
      'a variable that an error names',
      boom('raise ValueError("env.EXA_API_KEY: Input should be a valid string")'),
      /set EXA_API_KEY and add 'EXA_API_KEY' to `variables`/,
    ],
    [
      'a variable in a group of exceptions',
      boom('raise ExceptionGroup("x", [KeyError("EXA_API_KEY"), ValueError("EXA_API_KEY is not set")])'),
      /set EXA_API_KEY/,
    ],
    [
      'a data set of the Hub',
      boom(
        "raise ConnectionError(\"Couldn't reach 'allenai/ai2_arc' on the Hub (LocalEntryNotFoundError)\")",
      ),
      /allenai\/ai2_arc comes from the Hugging Face Hub: .*HF_HOME.*HF_TOKEN.*`variables`/,
    ],
    [
      'data of NLTK',
      boom(
        'raise LookupError("\\n" + "*" * 70 + "\\n  Resource \\x1b[93mwords\\x1b[0m not found.\\n  Please use the NLTK Downloader to obtain the resource")',
      ),
      /Resource words not found\..*-m nltk\.downloader words, or name a folder that has it in NLTK_DATA/,
    ],
    [
      'a module that a message says how to install',
      boom(
        'raise ModuleNotFoundError("No module named \'pyggp\'. Generating needs: pip install \'reasoning-core[gen]\'", name="pyggp")',
      ),
      /Add reasoning-core\[gen\] to python\/requirements\.lock/,
    ],
    [
      'a module of another version of the library',
      { files: source('import verifiers.envs.experimental.rlm_env\n') },
      /installed version of verifiers does not have it/,
    ],
    [
      'a module of a requirement that was not followed',
      {
        files: {
          ...source('import easyjailbreak\n'),
          'import.lock.json': JSON.stringify({
            not_followed: [{ name: 'easyjailbreak', requirement: 'git+https://example.org/easyjailbreak' }],
          }),
        },
      },
      /does not follow: git\+https:\/\/example\.org\/easyjailbreak\. .*python\/requirements\.lock.*--build/,
    ],
    [
      'a module that nothing brings',
      { files: source('import no_such_module.inside\n') },
      /No requirement brings it: add the package that has no_such_module to python\/requirements\.lock/,
    ],
    [
      'a Taskset whose configuration has a required field',
      {
        kind: 'verifiers-v1',
        version: '0.4.0',
        module: 'levels',
        attribute: 'Levels',
        files: {
          'vendor/levels/__init__.py': 'from levels.taskset import Levels\n__all__ = ["Levels"]\n',
          'vendor/levels/taskset.py':
            'import verifiers.v1 as vf\nclass LevelsConfig(vf.TasksetConfig):\n    level: int\nclass Levels(vf.Taskset[vf.Task[vf.TaskData], LevelsConfig]):\n    def load(self):\n        return iter(())\n',
        },
      },
      /level: Field required\. Set it in `arguments` in src\/index\.ts/,
    ],
  ])('with %s', async (_, trouble, says) => {
    const failure = await start(trouble).then(
      (environment) => rewardOf(environment).catch((thrown: unknown) => thrown),
      (thrown: unknown) => thrown,
    )
    expect(failure).toMatchObject({ message: expect.stringMatching(says) as string })
    const { message } = failure as Error
    // No escape of a terminal, and no wall of text.
    expect(message).not.toMatch(/[\u0000-\u001f]/)
    expect(message.length).toBeLessThan(1300)
  })

  it('says what is left to do of a variable that is set here and not passed on', async () => {
    vi.stubEnv('SERPER_API_KEY', 'a key')
    const files = source(
      'def load_environment():\n    vf.ensure_keys(["SERPER_API_KEY"])\n    return make()\n',
    )
    await expect(start({ files })).rejects.toThrow(
      "To go on, add 'SERPER_API_KEY' to `variables` in src/index.ts",
    )
    expect(await rewardOf(await start({ files, options: { variables: ['SERPER_API_KEY'] } }))).toBe(1)
  })
})
