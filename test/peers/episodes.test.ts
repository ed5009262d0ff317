import { openLocal, type AnyEnvironment, type OpenEnvError, type Reply } from '@openenv-ts/core'
import { resetFromWire, stateToWire } from '@openenv-ts/core/wire'
import echo from '@openenv-ts/echo'
import emailTriage from '@openenv-ts/email-triage'
import { serve } from '@openenv-ts/server/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lock } from './lock.ts'
import { PEERS, SKIPPED, startPlayer, type Answer, type Call, type Peer, type Player } from './peers.ts'

// Unmodified Python clients play whole episodes on our server, eight at once, and see what an episode in this process
// gives for the same calls.

type Script = readonly Call[]

const EIGHT = [0, 1, 2, 3, 4, 5, 6, 7]
const LABELS = ['urgent', 'normal', 'spam', 'archive']

const echoes = EIGHT.map((player): Script => [
  ['reset', { seed: player, episode_id: `echo-${String(player)}` }],
  ['meet'],
  ...[
    `I am ${String(player)}`,
    '',
    '"quoted" \\ and \n lines',
    'Grüße, 世界 🙂 \u0000',
    'x'.repeat(100_000),
  ].map((message): Call => ['step', { message }]),
  ['state'],
])

const locks = EIGHT.map((seed): Script => [
  ['reset', { seed, episode_id: `lock-${String(seed)}` }],
  ['meet'],
  ...EIGHT.map((digit): Call => ['step', { digit }]),
  ['state'],
])

/** An action whatever the mail says, and one that is none: that is a counted step too [ET-7]. */
const mails = EIGHT.map((player): Script => [
  [
    'reset',
    {
      task_id: ['task_easy', 'task_medium', 'task_hard'][player % 3],
      seed: player,
      episode_id: `mail-${String(player)}`,
    },
  ],
  ['meet'],
  ['step', { label: 'maybe', summary: 'No such label.', route_to: 'nowhere' }],
  ...Array.from({ length: 10 }, (_, index): Call => [
    'step',
    {
      label: LABELS[(player + index) % LABELS.length],
      summary: `Mail ${String(index)} as player ${String(player)} sees it: somebody wants something.`,
      route_to: 'support',
    },
  ]),
  ['state'],
])

const GAMES = [
  { environment: echo, scripts: echoes },
  { environment: lock, scripts: locks },
  { environment: emailTriage, scripts: mails },
] as const
const STYLES = ['async', 'sync', 'with'] as const

describe.skipIf(SKIPPED).each(PEERS)('the client of %s', (peer) => {
  let player: Player
  beforeAll(async () => {
    player = await startPlayer(peer)
  })
  afterAll(() => player[Symbol.asyncDispose]())

  // The plain blocking form came with 0.8.
  const styles = peer === 'openenv-core-0.2.3' ? STYLES.slice(0, 2) : STYLES
  const games = styles.flatMap((style) =>
    GAMES.map((game) => ({ style, name: game.environment.name, ...game })),
  )

  it.each(games)('plays $name, $style, eight at once, and sees every reply whole', async (game) => {
    await using server = await serve(game.environment as AnyEnvironment, { port: 0 })
    const answers = await player.play({ url: server.url, style: game.style, scripts: game.scripts })
    const expected = await Promise.all(
      game.scripts.map((script) => playHere(game.environment as AnyEnvironment, script, peer)),
    )
    expect(answers).toEqual(expected)
    const endings = answers.flat().filter(({ done }) => done === true)
    expect(endings).toHaveLength(game.environment === echo ? 0 : EIGHT.length)
  })
})

/** What a client should see: the same calls to an episode in this process, in the form of the wire. */
async function playHere(environment: AnyEnvironment, script: Script, peer: Peer): Promise<readonly Answer[]> {
  await using episode = openLocal(environment)
  const answers: Answer[] = []
  for (const [name, data] of script) {
    try {
      if (name === 'reset') answers.push(seen(await episode.reset(resetFromWire(data, environment)), peer))
      else if (name === 'step') answers.push(seen(await episode.step(data), peer))
      else if (name === 'state') answers.push({ state: stateToWire(await episode.state()) })
    } catch (error) {
      const { code } = error as OpenEnvError
      const text: unknown = expect.stringMatching(
        new RegExp(`^RuntimeError: Server error: .* \\(code: ${code}\\)$`),
      )
      answers.push({ error: text as string })
    }
  }
  return answers
}

function seen({ observation, reward, done, info }: Reply<unknown>, peer: Peer): Answer {
  const inside = { ...(observation as object), metadata: info }
  const answer: Answer = JSON.parse(JSON.stringify({ observation: inside, reward, done }))
  if (peer === 'openenv-core-0.2.3') return answer
  // Empty metadata is left out at the top, which Python's client shows as None.
  return { ...answer, metadata: Object.keys(info).length === 0 ? null : info }
}
