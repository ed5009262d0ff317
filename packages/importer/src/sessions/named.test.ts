import { describe, expect, it } from 'vitest'
import { folder } from '../../test/folder.ts'
import { readSource } from '../import.ts'
import { variableNames } from './named.ts'
import { variablePlan } from './variables.ts'

async function named(text: string): Promise<readonly string[]> {
  using place = folder({ 'env.py': text })
  const source = await readSource(place.path)
  const module = source.python.module('env.py')
  if (module === null) throw new Error('It is no Python.')
  return variableNames(source, [module])
}

describe('the environment variables that a source reads', () => {
  it.each([
    ['os.environ["A_KEY"]', ['A_KEY']],
    ['os.environ.get("A_KEY", "none")', ['A_KEY']],
    ['os.getenv("A_KEY") or os.getenv("B_KEY")', ['A_KEY', 'B_KEY']],
    ['getenv("A")', ['A']],
    ['environ.setdefault("A", "1")', ['A']],
    ['os.environ.pop("A_KEY")', ['A_KEY']],
    ['"A_KEY" in os.environ', ['A_KEY']],
    [
      'def f(judge_api_key_var: str = "PRIME_API_KEY"): return os.getenv(judge_api_key_var)',
      ['PRIME_API_KEY'],
    ],
    ['def f(judge_api_key_var: str = "PRIME_API_KEY", n=1): pass', ['PRIME_API_KEY']],
    ['def f(api_key_var="PRIME_API_KEY"): pass', ['PRIME_API_KEY']],
    ['def f(where="A_B"): return os.environ[where]', ['A_B']],
    ['NAME = "A_KEY"\ndef f(): return os.environ[NAME]', ['A_KEY']],
    ['class C:\n    api_key_var: str = "C_API_KEY"', ['C_API_KEY']],
    ['class C:\n    where: str = "C_API"\n    def f(self): return os.getenv(self.where)', ['C_API']],
    ['vf.ensure_keys(["A_KEY", "B_KEY"])', ['A_KEY', 'B_KEY']],
    ['def load_environment(key_var="A_KEY"):\n    vf.ensure_keys([key_var])', ['A_KEY']],
    ['Config(api_key_var="A_KEY")', ['A_KEY']],
    ['x = {"api_key_var": "A_KEY"}', ['A_KEY']],
    ['x = {"answer": "A_KEY"}', []],
    ['key = "abc"', []],
    ['print("A_KEY")', []],
    ['f(name="SOME_TEXT")', []],
  ])('of %j are %j', async (text, names) => {
    expect(await named(`import os\n${text}\n`)).toEqual(names)
  })

  it('are passed on only where they hold no secret by their name', () => {
    const refused = [
      ...[
        'OPENENV_CONTROL_TOKEN',
        'OPENENV_AGENT_TOKENS',
        'LD_PRELOAD',
        'DYLD_INSERT_LIBRARIES',
        'PYTHONPATH',
      ],
      ...[
        'NODE_OPTIONS',
        'AWS_SECRET_ACCESS_KEY',
        'aws_profile',
        'GOOGLE_APPLICATION_CREDENTIALS',
        'AZURE_TENANT_ID',
      ],
      ...[
        'GITHUB_TOKEN',
        'GH_TOKEN',
        'SSH_AUTH_SOCK',
        'GITLAB_TOKEN',
        'NPM_TOKEN',
        'KUBECONFIG',
        'DOCKER_HOST',
      ],
    ]
    const held = [
      ...[
        'OPENAI_API_KEY',
        'HF_TOKEN',
        'PRIME_API_KEY',
        'DB_PASSWORD',
        'DATABASE_URL',
        'REDIS_URL',
        'SENTRY_DSN',
      ],
      ...['SLACK_WEBHOOK', 'MY_SECRET', 'HTTPS_PROXY'],
    ]
    const passed = ['OPENAI_BASE_URL', 'HF_ENDPOINT', 'DATA_DIR', 'DEBUG', 'MODEL_NAME']
    expect(variablePlan([...refused, ...held, ...passed])).toEqual({
      passed: passed.sort(),
      held: held.sort(),
      refused: refused.sort(),
    })
  })
})
