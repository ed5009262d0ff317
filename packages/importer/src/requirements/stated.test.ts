import { describe, expect, it } from 'vitest'
import { folder } from '../../test/folder.ts'
import { readSource } from '../import.ts'
import { lineOf } from './requirement-lines.ts'
import { statedNeeds } from './stated.ts'

async function stated(files: Readonly<Record<string, string>>, module = 'env.py') {
  using place = folder({ [module]: '', ...files })
  const { requirements, notFollowed, requiresPython, findings, description } = statedNeeds(
    await readSource(place.path),
    module,
  )
  return {
    lines: requirements.map(lineOf),
    notFollowed: notFollowed.map(({ requirement }) => requirement),
    requiresPython,
    description,
    findings: findings.map(({ file, line, message }) => `${file}:${String(line)}: ${message}`),
  }
}

/** One list of requirements in each file that can state it. */
const FORMS: Readonly<Record<string, (requirements: readonly string[]) => Readonly<Record<string, string>>>> =
  {
    'pyproject.toml': (list) => ({
      'pyproject.toml': `[project]\nname = "env"\ndependencies = ${JSON.stringify(list)}\n`,
    }),
    'requirements.txt': (list) => ({ 'requirements.txt': `${list.join('\n')}\n` }),
    'setup.cfg': (list) => ({
      'setup.cfg': `[options]\ninstall_requires =\n${list.map((each) => `    ${each}\n`).join('')}`,
    }),
    'setup.py': (list) => ({
      'setup.py': `from setuptools import setup\nsetup(name="env", install_requires=${JSON.stringify(list)})\n`,
    }),
  }

describe.each(Object.entries(FORMS))('requirements in %s', (file, form) => {
  it('are read, and written out of their parts', async () => {
    const { lines, findings } = await stated(
      form(['six >= 1.16', 'httpx[http2]~=0.27', "tomli; python_version<'3.11'"]),
    )
    expect(lines).toEqual(['six>=1.16', 'httpx[http2]~=0.27', "tomli ; python_version < '3.11'"])
    expect(findings).toEqual([])
  })

  it.each([
    '--index-url http://127.0.0.1:1/simple',
    '--extra-index-url=http://127.0.0.1:1/simple',
    '-r /etc/passwd',
    '-c http://127.0.0.1:1/c.txt',
    'six==1.16 --global-option=build',
    'six --config-settings=a=b',
    'six==1.16 -e .',
    'six\u2028--index-url http://127.0.0.1:1/simple',
    'six\u0085--index-url http://127.0.0.1:1/simple',
    'six\f--index-url http://127.0.0.1:1/simple',
    "six; python_version > '3'\u2029--extra-index-url=http://127.0.0.1:1",
    'six[a --index-url http://127.0.0.1:1]',
    'six ${HOME}',
  ])('with %j reach no installer, which is said with the place [IM-21]', async (bad) => {
    const { lines, findings } = await stated(form(['httpx>=0.27', bad]))
    expect(lines).toEqual(['httpx>=0.27'])
    expect(findings).toEqual([expect.stringMatching(new RegExp(`^${file.replace('.', '[.]')}:`))])
  })

  it('from elsewhere are not asked of the index by their name, however often they are named [IM-21]', async () => {
    const { lines, notFollowed, findings } = await stated(
      form([
        'balrog @ git+https://example.com/balrog.git@v1',
        'Balrog>=1',
        'git+https://example.com/x#egg=Tau_Bench',
        'tau-bench',
        './local',
        'y @ file:///y',
        'z @ https://example.com/z.whl',
      ]),
    )
    expect(lines).toEqual([])
    expect(notFollowed).toEqual([
      './local',
      'balrog @ git+https://example.com/balrog.git@v1',
      'git+https://example.com/x#egg=Tau_Bench',
      'y @ file:///y',
      'z @ https://example.com/z.whl',
    ])
    expect(findings).toHaveLength(5)
  })
})

describe('a text of TOML', () => {
  it.each([
    'six==1.0\n--index-url http://127.0.0.1:1/simple',
    'six[extra\n--index-url http://127.0.0.1:1/simple\n]',
    "six; python_version > '3'\n--extra-index-url=http://127.0.0.1:1",
    'six==1.0 \\\n --global-option=build',
    'six==1.0\r--index-url http://127.0.0.1:1',
    'six\n',
    'six\0',
    '\u001b]0;title\u0007six',
  ])('%j is no requirement, which is said with the place and the reason', async (text) => {
    const { lines, findings } = await stated({
      'pyproject.toml': `[project]\ndependencies = ["httpx", ${JSON.stringify(text)}]\n`,
    })
    expect(lines).toEqual(['httpx'])
    expect(findings).toEqual([
      expect.stringMatching(
        /^pyproject\.toml:null: dependencies, entry 2: It is no requirement: .+ \(character \d+\)/,
      ),
    ])
  })

  it.each(['>=3.11,<3.14;RUNcurlevil|sh#', '>=3.11\nRUN x', '$(id)', '>=3.11 --x', ''])(
    'requires-python = %j reaches nothing',
    async (text) => {
      const { requiresPython, findings } = await stated({
        'pyproject.toml': `[project]\nrequires-python = ${JSON.stringify(text)}\n`,
      })
      expect(requiresPython).toBeNull()
      expect(findings).toHaveLength(text === '' ? 0 : 1)
    },
  )
})

describe('names that are not the index’s', () => {
  it.each([
    ['git = "https://example.com/b.git", rev = "abc"', 'balrog @ git+https://example.com/b.git@abc'],
    [
      'git = "https://example.com/b.git", subdirectory = "p"',
      'balrog @ git+https://example.com/b.git#subdirectory=p',
    ],
    ['url = "https://example.com/b.whl"', 'balrog @ https://example.com/b.whl'],
    ['path = "../balrog", editable = true', 'balrog @ the path ../balrog'],
    ['workspace = true', 'balrog @ its workspace'],
    ['index = "ours"', 'balrog @ the index ours'],
  ])('of [tool.uv.sources] with %s are named, and never looked up', async (source, says) => {
    const { lines, notFollowed, findings } = await stated({
      'pyproject.toml': `[project]\ndependencies = ["Balrog>=1", "six"]\n[tool.uv.sources]\nbalrog = { ${source} }\n`,
    })
    expect(lines).toEqual(['six'])
    expect(notFollowed).toEqual([says])
    expect(findings.join()).toContain(`A source of a requirement is not followed: balrog from`)
  })

  it('of the source itself are never looked up: its own, and those of projects beside it', async () => {
    const { lines, notFollowed } = await stated({
      'pyproject.toml': '[project]\nname = "my_env"\ndependencies = ["my-env[dev]", "glue", "six"]\n',
      'packages/glue/pyproject.toml': '[project]\nname = "Glue"\n',
    })
    expect(lines).toEqual(['six'])
    expect(notFollowed).toEqual([
      'Glue (a package of the source itself: packages/glue)',
      'my_env (a package of the source itself: .)',
    ])
  })

  it('on indexes of its own are said to be looked up elsewhere', async () => {
    const { findings } = await stated({
      'pyproject.toml':
        '[project]\ndependencies = ["six"]\n[[tool.uv.index]]\nurl = "https://example.com/simple"\n',
    })
    expect(findings).toEqual([expect.stringMatching(/Its package indexes are not followed/)])
  })
})

describe('the project of a module', () => {
  it('is the nearest above it, whatever the root of the source is', async () => {
    const files = {
      'pyproject.toml': '[project]\nname = "suite"\ndependencies = ["numpy"]\nrequires-python = ">=3.13"\n',
      'environments/maze/pyproject.toml':
        '[project]\nname = "maze"\ndependencies = ["six"]\nrequires-python = ">=3.12"\n',
      'environments/bare/env.py': '',
    }
    expect(await stated(files, 'environments/maze/pkg/env.py')).toMatchObject({
      lines: ['six'],
      requiresPython: '>=3.12',
    })
    expect(await stated(files, 'environments/bare/env.py')).toMatchObject({ lines: ['numpy'] })
  })

  it('may be a setup.py alone, of which nothing is run, and what is computed is said', async () => {
    const literal =
      'import setuptools\nREQUIRES = ["six"]\nsetuptools.setup(install_requires=REQUIRES, python_requires=">=3.12", description="A desk.")\nopen("ran", "w")\n'
    expect(await stated({ 'setup.py': literal })).toMatchObject({
      lines: ['six'],
      requiresPython: '>=3.12',
      description: 'A desk.',
    })
    const computed =
      'from setuptools import setup\nsetup(install_requires=open("requirements.txt").read().split())\n'
    const { lines, findings } = await stated({ 'setup.py': computed, 'requirements.txt': 'six\n' })
    expect(lines).toEqual(['six'])
    expect(findings).toEqual([expect.stringMatching(/install_requires is computed/)])
  })
})
