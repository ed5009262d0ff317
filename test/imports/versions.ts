import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openLocal } from '@openenv-ts/core'
import { openPythonEnvironment, type PythonSource } from '@openenv-ts/python-bridge'
import { describe, expect, it } from 'vitest'
import { FIXTURES, type Fixture } from './episodes.ts'
import { actionsOf, expectSteps, playNatively, stepsOf, type Step } from './expected.ts'
import { SURROUNDINGS } from './imported.ts'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const VENVS = join(FOLDER, '../../.venvs')

/** A source and how it is entered, without an import before. */
const ENTRIES: Readonly<Record<string, Omit<PythonSource, 'path'>>> = {
  arithmetic: { kind: 'verifiers', module: 'arithmetic', attribute: 'load_environment' },
  'shop-prices': { kind: 'verifiers', module: 'shop_prices', attribute: 'load_environment' },
  'bank-teller': { kind: 'verifiers', module: 'bank_teller', attribute: 'load_environment' },
  'number-quest': { kind: 'verifiers', module: 'number_quest', attribute: 'load_environment' },
  'mixed-bag': { kind: 'verifiers', module: 'mixed_bag', attribute: 'load_environment' },
  'name-contest': { kind: 'verifiers', module: 'name_contest', attribute: 'load_environment' },
  reversals: { kind: 'verifiers', module: 'reversals', attribute: 'load_environment' },
  'city-facts': { kind: 'verifiers-v1', module: 'city_facts', attribute: 'CityFacts' },
}
const CLASSIC = ['arithmetic', 'shop-prices', 'bank-teller', 'number-quest', 'mixed-bag']

/** Versions of verifiers that are supported, and which sources each of them plays. */
export const VERSIONS: Readonly<Record<string, readonly string[]>> = {
  // Rows with a text in the column `task`, up to 0.1.12.
  '0.1.11': [...CLASSIC, 'name-contest'],
  '0.1.12': [...CLASSIC, 'name-contest'],
  '0.1.14': [...CLASSIC, 'reversals'],
  '0.3.1': [...CLASSIC, 'city-facts'],
  '0.4.0': ['city-facts'],
  '0.4.1.dev86': ['city-facts'],
}

/** Plays sources on a version of verifiers, and compares with what that version itself gives. */
export function itPlaysAsTheLibraryDoes(version: string): void {
  describe(`verifiers ${version}`, () => {
    it.each(VERSIONS[version] ?? [])('plays %s: tasks, turns and rewards to 1e-9', async (name) => {
      const fixture = FIXTURES.find((each) => each.name === name)
      const entry = ENTRIES[name]
      if (fixture === undefined || entry === undefined) throw new Error(`There is no fixture ${name}.`)
      const venv = installed(version)
      const folder = join(FOLDER, 'fixtures', name)
      const environment = await openPythonEnvironment({
        name,
        description: 'A source on one version of its library.',
        version: '0.0.0',
        package: folder,
        source: { ...entry, path: '.' },
        python: { requires: '', requirements: 'pyproject.toml', environment: venv },
        sessions: 'shared',
      })
      try {
        expect(environment.python.library).toBe(`verifiers ${version}`)
        const splits = await environment.tasks?.splits()
        expect(splits?.map((split) => split.name)).toContain('train')
        const count = await environment.tasks?.count('train')
        expect(await environment.tasks?.range('train', 0, 1)).toHaveLength(1)
        expect(count).toBeGreaterThan(0)
        const expected = await playNatively(fixture, {
          python: join(venv, 'bin/python'),
          path: folder,
          module: entry.module,
          attribute: entry.attribute,
        })
        const played = await Promise.all(fixture.episodes.map((episode) => play(environment, episode)))
        for (const [at, steps] of played.entries()) {
          expectSteps(steps, expected[at] ?? [], `episode ${String(at)}`)
        }
      } finally {
        await environment.close()
      }
    })
  })
}

async function play(
  environment: Parameters<typeof openLocal>[0],
  episode: Fixture['episodes'][number],
): Promise<readonly Step[]> {
  await using local = openLocal(environment)
  await local.reset({ split: episode.split, index: episode.index })
  return await stepsOf(actionsOf(episode), (action) => local.step({ type: 'call_tool', ...action }))
}

/** A virtual environment with a version, made once and kept with those of the peers. */
export function installed(version: string): string {
  const venv = join(VENVS, `verifiers-${version}`)
  const python = join(venv, 'bin/python')
  if (!existsSync(join(venv, '.installed'))) {
    const options = { env: SURROUNDINGS, stdio: 'inherit' } as const
    execFileSync('uv', ['venv', '--quiet', '--allow-existing', venv], options)
    execFileSync('uv', ['pip', 'install', '--quiet', '--python', python, `verifiers==${version}`], options)
    execFileSync('touch', [join(venv, '.installed')])
  }
  return venv
}
