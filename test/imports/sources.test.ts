import { connect, countTasks, listSplits } from '@openenv-ts/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPlayer, type Answer, type Call, type Player } from '../peers/peers.ts'
import type { Running } from '../../packages/cli/test/command.ts'
import { FIXTURES, type Fixture, type PlannedEpisode } from './episodes.ts'
import { actionsOf, expectSteps, playNatively, stepsOf, type Step } from './expected.ts'
import { importSource, nativeEntryOf, ownTests, serveImported } from './imported.ts'

const names = FIXTURES.map(({ name }) => name)
const AT_A_TIME = 16
/** Made for releases of Verifiers up to 0.1.14, which need a package without a wheel. */
const NEEDS_WGET: ReadonlySet<string> = new Set(['arithmetic', 'reversals', 'name-contest'])
const WGET_WARNING =
  'warning: wget has no wheel: installing it runs its own build. The first start asks before, or takes --build.\n'
const LISTENING = /^Listening on (http:\/\/\S+)\n/m

describe('sources of real libraries', () => {
  it.concurrent.each(FIXTURES)(
    '$name is imported, without a warning of its own, and found to keep its state with the episode [IM-13]',
    async ({ name, source = `fixtures/${name}` }) => {
      const { code, stdout, stderr } = await importSource(source, name)
      expect(stderr).toBe(NEEDS_WGET.has(name) ? WGET_WARNING : '')
      expect(stdout).toContain('Sessions: shared.')
      expect(code).toBe(0)
    },
  )

  it.concurrent.each(names)('%s passes the tests that were generated for it [IM-11]', async (name) => {
    const { code, stdout, stderr } = await ownTests(name)
    expect(stdout + stderr).toMatch(/Tests\s+\d+ passed \(\d+\)/)
    expect(code).toBe(0)
  })
})

describe('all of them in one server, each with its own library', () => {
  let server: Running
  let player: Player
  let url = ''

  beforeAll(async () => {
    server = serveImported(names)
    const [, said = ''] = await server.shows(LISTENING)
    url = said
    player = await startPlayer('openenv-0.10.0')
  })
  afterAll(async () => {
    await player[Symbol.asyncDispose]()
    server.kill('SIGINT')
    await server.finished
  })

  it.each([
    ['library-desk', { train: 8, test: 4 }],
    ['warehouse', { train: 12, validation: 4 }],
    ['arithmetic', { train: 30, eval: 10 }],
    ['reversals', { train: 8, eval: 2 }],
    // No rows for evaluation: the library would answer those for training once more.
    ['number-quest', { train: 12 }],
    ['city-facts', { train: 15 }],
  ])('%s has the splits that its source really has, and no others [IM-14][IM-15]', async (name, expected) => {
    const served = `${url}/${name}`
    const splits = await listSplits(served)
    const counts = await Promise.all(splits.map((split) => countTasks(served, { split: split.name })))
    expect(Object.fromEntries(splits.map((split, at) => [split.name, counts[at]]))).toEqual(expected)
  })

  describe.each(FIXTURES)('$name', (fixture) => {
    it('gives what its library gives, to our client, 16 at a time [IM-18]', async () => {
      const expected = await expectedOf(fixture)
      const played = await inLanes(fixture.episodes, (episode) =>
        playOurs(`${url}/${fixture.name}`, episode, fixture),
      )
      for (const [at, steps] of played.entries())
        expectSteps(steps, expected[at] ?? [], `episode ${String(at)}`)
    })

    it("gives the same to Python's own client, 16 at a time", async () => {
      const expected = await expectedOf(fixture)
      for (let from = 0; from < fixture.episodes.length; from += AT_A_TIME) {
        const scripts = fixture.episodes.slice(from, from + AT_A_TIME).map((episode) => scriptOf(episode))
        const answers = await player.play({ url: `${url}/${fixture.name}`, style: 'async', scripts })
        for (const [at, seen] of answers.entries()) {
          expectSteps(stepsSeen(seen), expected[from + at] ?? [], `episode ${String(from + at)}`)
        }
      }
    })
  })
})

const expectations = new Map<string, Promise<readonly (readonly Step[])[]>>()

/** Rewards of each step, as the source's own library gives them: played once. */
function expectedOf(fixture: Fixture): Promise<readonly (readonly Step[])[]> {
  const expected =
    expectations.get(fixture.name) ??
    nativeEntryOf(fixture.name).then((entry) => playNatively(fixture, entry))
  expectations.set(fixture.name, expected)
  return expected
}

async function playOurs(
  url: string,
  episode: PlannedEpisode,
  { secrets }: Fixture,
): Promise<readonly Step[]> {
  await using remote = await connect(url)
  const { split, index } = episode
  await remote.reset({ split, index, ...(secrets === undefined ? {} : { secrets }) })
  return await stepsOf(actionsOf(episode), (action) => remote.step(action))
}

function scriptOf(episode: PlannedEpisode): readonly Call[] {
  const { split, index } = episode
  return [
    ['reset', { split, index }],
    ...actionsOf(episode).map((action) => ['step', { type: 'call_tool', ...action }] as const),
  ]
}

/** Steps after the end answer an error there, which the expected ones do not have. */
function stepsSeen(answers: readonly Answer[]): readonly Step[] {
  return answers
    .slice(1)
    .flatMap(({ reward = null, done = false, error }) =>
      error === undefined ? [[reward, done] as const] : [],
    )
}

async function inLanes<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at] as T)
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, lane))
  return results
}
