import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { execFileSync } from 'node:child_process'
import { PassThrough } from 'node:stream'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildsAllowed, type Builds } from '../../packages/python-bridge/src/build-consent.ts'
import {
  virtualEnvironment,
  type VirtualEnvironmentOptions,
} from '../../packages/python-bridge/src/virtual-environment.ts'

const NOWHERE = 'http://127.0.0.1:9/simple'
/** With uv, and without. */
const INSTALLERS = ['0', '1']
let root: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'openenv-installing-'))
  await mkdir(join(root, 'index'))
  await sourceDistribution(join(root, 'index'))
})
afterAll(async () => {
  execFileSync('chmod', ['-R', 'u+w', root])
  await rm(root, { recursive: true, force: true })
})

async function options(
  requirements: string,
  env: Readonly<Record<string, string>>,
  builds?: Builds,
): Promise<VirtualEnvironmentOptions> {
  const folder = await mkdtemp(join(root, 'package-'))
  await writeFile(join(folder, 'requirements.txt'), requirements)
  return {
    folder,
    requires: '>=3.10',
    requirements: 'requirements.txt',
    seconds: 120,
    ...(builds === undefined ? {} : { builds: () => Promise.resolve(builds) }),
    env: { ...process.env, OPENENV_VENVS: join(root, 'venvs'), ...env },
  }
}

describe.each(INSTALLERS)('installing requirements (without uv: %s) [IM-12] [IM-30]', (OPENENV_NO_UV) => {
  /** An index of one package without a wheel, whose build writes down the variables that it got. */
  const local = (more: object = {}): Record<string, string> => ({
    OPENENV_NO_UV,
    OPENENV_VENVS: join(root, `venvs-${OPENENV_NO_UV}`),
    PIP_FIND_LINKS: join(root, 'index'),
    UV_FIND_LINKS: join(root, 'index'),
    PIP_NO_INDEX: '1',
    UV_NO_INDEX: '1',
    UV_NO_CACHE: '1',
    PIP_NO_CACHE_DIR: '1',
    ...more,
  })

  it('gives programs that start where the environment is, not where it was made', async () => {
    const { folder } = await virtualEnvironment(
      await options('iniconfig==2.1.0\npytest==8.4.2\n', { OPENENV_NO_UV }),
    )
    expect(String(execFileSync(join(folder, 'bin/pytest'), ['--version']))).toContain('8.4.2')
    if (OPENENV_NO_UV === '1')
      expect(await readFile(join(folder, 'pyvenv.cfg'), 'utf8')).not.toMatch(/^uv = /m)
    execFileSync('chmod', ['-R', 'u+w', folder])
    await rm(folder, { recursive: true })
  })

  it('says what could not be installed', async () => {
    await expect(
      virtualEnvironment(await options('no-such-package-anywhere-at-all==1.0\n', { OPENENV_NO_UV })),
    ).rejects.toMatchObject({
      code: 'FACTORY_ERROR',
      message: expect.stringMatching(
        /requirements\.txt lists could not be installed\..*no-such-package/s,
      ) as string,
    })
  })

  it('says so where the index cannot be reached', async () => {
    const indexes = { PIP_INDEX_URL: NOWHERE, UV_INDEX_URL: NOWHERE, UV_DEFAULT_INDEX: NOWHERE }
    const hasty = { PIP_RETRIES: '0', UV_HTTP_RETRIES: '0', UV_NO_CACHE: '1', PIP_NO_CACHE_DIR: '1' }
    const env = { ...indexes, ...hasty, OPENENV_NO_UV, PIP_FIND_LINKS: '' }
    await expect(virtualEnvironment(await options('iniconfig==2.1.0\n', env))).rejects.toMatchObject({
      code: 'FACTORY_ERROR',
      message: expect.stringContaining('could not be installed') as string,
    })
  })

  it('builds nothing by itself, and says how to allow it', async () => {
    await expect(virtualEnvironment(await options('built-here==1.0\n', local()))).rejects.toThrow(
      'start it once with --build',
    )
    expect(await built()).toEqual([])
  })

  it('builds what was allowed, and nothing secret or steering reaches the build', async () => {
    const secrets = {
      GITHUB_TOKEN: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
      OPENENV_CONTROL_TOKEN: 'x',
      OPENAI_API_KEY: 'x',
      NODE_OPTIONS: '--no-warnings',
      LD_LIBRARY_PATH: '/nowhere',
      PYTHONSTARTUP: '/nowhere',
    }
    const wanted = await options('built-here==1.0\n', local(secrets), {
      allowed: 'these',
      names: ['built-here'],
    })
    const { folder } = await virtualEnvironment(wanted)
    const [site = ''] = await readdir(join(folder, 'lib'))
    const text = await readFile(join(folder, 'lib', site, 'site-packages/built_here.py'), 'utf8')
    expect(text).toContain("'PATH'")
    for (const name of Object.keys(secrets)) expect(text).not.toContain(`'${name}'`)
  })

  async function built(): Promise<readonly string[]> {
    return (await readdir(join(root, `venvs-${OPENENV_NO_UV}`))).filter((name) => /^[0-9a-f]{32}$/.test(name))
  }
})

describe('packages without a wheel [IM-30]', () => {
  const question = { environment: 'number-quest', needsBuild: ['one', 'two'], build: false }
  const terminal = (isTTY: boolean, answer?: string) => {
    const input = Object.assign(new PassThrough(), { isTTY })
    if (answer !== undefined) input.end(answer)
    return { input, output: Object.assign(new PassThrough(), { isTTY }) }
  }

  it.each([
    ['y\n', true],
    ['yes\n', true],
    ['n\n', false],
    ['\n', false],
    ['', false],
  ])('are built after the answer %o: %s', async (answer, allowed) => {
    const deciding = buildsAllowed({ ...question, terminal: terminal(true, answer) })
    if (allowed) await expect(deciding).resolves.toEqual({ allowed: 'these', names: ['one', 'two'] })
    else await expect(deciding).rejects.toThrow('number-quest needs packages without a wheel: one, two.')
  })

  it('are never built where there is no terminal, unless that was said before', async () => {
    await expect(buildsAllowed({ ...question, terminal: terminal(false) })).rejects.toMatchObject({
      code: 'FACTORY_ERROR',
      message: expect.stringContaining(
        'start it once with --build (or OPENENV_BUILD=1 in the environment), or set build: true',
      ) as string,
    })
    await expect(buildsAllowed({ ...question, build: true })).resolves.toEqual({
      allowed: 'these',
      names: ['one', 'two'],
    })
    await expect(buildsAllowed({ ...question, needsBuild: [] })).resolves.toEqual({ allowed: 'none' })
  })
})

/** A package that only its own build, in its own folder, can make a wheel of. */
async function sourceDistribution(index: string): Promise<void> {
  const folder = join(root, 'built_here-1.0')
  await mkdir(folder)
  await writeFile(
    join(folder, 'pyproject.toml'),
    '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n[project]\nname = "built-here"\nversion = "1.0"\n',
  )
  await writeFile(join(folder, 'PKG-INFO'), 'Metadata-Version: 2.1\nName: built-here\nVersion: 1.0\n')
  await writeFile(
    join(folder, 'backend.py'),
    [
      'import os, zipfile',
      'def build_wheel(to, config_settings=None, metadata_directory=None):',
      '    name = "built_here-1.0-py3-none-any.whl"',
      '    info = "built_here-1.0.dist-info/"',
      '    with zipfile.ZipFile(os.path.join(to, name), "w") as wheel:',
      '        wheel.writestr("built_here.py", "VARIABLES = " + repr(sorted(os.environ)))',
      '        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: built-here\\nVersion: 1.0\\n")',
      '        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")',
      '        wheel.writestr(info + "RECORD", "built_here.py,,\\n" + info + "METADATA,,\\n" + info + "WHEEL,,\\n" + info + "RECORD,,\\n")',
      '    return name',
      '',
    ].join('\n'),
  )
  execFileSync('tar', ['-czf', join(index, 'built_here-1.0.tar.gz'), '-C', root, 'built_here-1.0'])
}
