import { describe, expect, it } from 'vitest'
import type { AnyEnvironment } from '@openenv-ts/core'
import { counter } from '@openenv-ts/core/testing'
import { echo } from '@openenv-ts/echo'
import { emailTriage } from '@openenv-ts/email-triage'
import { isolate, KINDS } from '../../test/isolation/isolate.ts'
import { ledger } from '../../test/isolation/ledger.ts'
import { misbehaving } from '../../test/isolation/misbehaving.ts'
import { SocketClient } from '../../test/socket-client.ts'
import { serve } from '../node/serve.ts'
import type { ListenOptions } from '../node/listen-options.ts'

type Frames = readonly (readonly [type: string, data?: unknown] | string)[]

const tool = (tool_name: string, args: unknown): readonly [string, unknown] => [
  'step',
  { type: 'call_tool', tool_name, arguments: args },
]
const rpc = (method: string, params: unknown): readonly [string, unknown] => [
  'mcp',
  { jsonrpc: '2.0', id: 1, method, params },
]
const ANY: Frames = [
  ['state'],
  ['step', {}],
  ['reset', { seed: -1 }],
  ['reset', { seed: 3, episode_id: 'one', task_id: 'there is none such' }],
  ['reset', { seed: 3, episode_id: 'one' }],
  ['state'],
  rpc('tools/list', {}),
  ['step', { 'no such field': 1 }],
  ['step', { __proto__: null, '': [null, 1e300, -0, 'é世\u2028'] }],
  '{"type":"step","data":{"__proto__":{"x":1}}}',
  '{"type":"step","data":[]}',
  ['state'],
]

/** What is sent to a server of each environment: good and bad, up to the end and beyond it. */
const PLAYED: readonly (readonly [
  name: string,
  module: string,
  environment: AnyEnvironment,
  frames: Frames,
])[] = [
  [
    'echo',
    '@openenv-ts/echo',
    echo,
    [
      ...ANY,
      ['step', { message: 'é世\u2028 "' }],
      ['step', { message: '' }],
      ['state'],
      ['reset', { seed: 4, episode_id: 'b' }],
    ],
  ],
  [
    'counter',
    './counter.ts',
    counter,
    [
      ...ANY,
      ['reset', { seed: 5, episode_id: 'c', task_id: 'count-to-3', from: 1 }],
      ['step', { by: 1, note: 'n' }],
      ['step', { by: 9 }],
      rpc('tools/call', { name: 'act', arguments: { by: 1 } }),
      ['step', { by: 1 }],
      rpc('tools/call', { name: 'observe' }),
      ['state'],
      ['reset', { seed: 6, episode_id: 'd', from: 7 }],
      ['state'],
    ],
  ],
  [
    'email-triage',
    '@openenv-ts/email-triage',
    emailTriage,
    [
      ...ANY,
      ['step', { label: 'urgent', summary: 'A pallet is late.', route_to: 'nowhere' }],
      ['step', { label: 'spam', summary: '', route_to: 'spam' }],
      ['state'],
    ],
  ],
  [
    'ledger',
    './ledger.ts',
    ledger,
    [
      ...ANY,
      ['step', { type: 'list_tools' }],
      tool('due', {}),
      tool('pay', { payee: 'Landlord', amount: 1_000_000 }),
      tool('pay', { payee: 1 }),
      tool('nothing', {}),
      rpc('tools/call', { name: 'pay', arguments: { payee: 'Telco', amount: 30 } }),
      ['state'],
      tool('finish', {}),
      tool('due', {}),
      ['state'],
    ],
  ],
  [
    'misbehaving',
    './misbehaving.ts',
    misbehaving,
    [
      ['reset', { episode_id: 'm' }],
      ['step', { way: 'behave' }],
      ['step', { way: 'throw' }],
      ['step', { way: 'behave' }],
      ['reset', { episode_id: 'n', start: 'throw' }],
      ['step', { way: 'behave' }],
    ],
  ],
]

describe.each(PLAYED)('a server of %s', (_name, module, environment, frames) => {
  it.each(KINDS)('answers with the same bytes when each episode is isolated by %s', async (kind) => {
    const inline = await play(environment, frames)
    await using isolation = await isolate(kind, module)
    const isolated = await play(environment, frames, { openEpisode: () => isolation.openEpisode() })
    expect(isolated).toEqual(inline)
  })
})

async function play(
  environment: AnyEnvironment,
  frames: Frames,
  options: ListenOptions = {},
): Promise<string[]> {
  await using server = await serve(environment, { port: 0, ...options })
  await using client = await SocketClient.open(server.url)
  const answers: string[] = []
  for (const frame of frames) {
    if (typeof frame === 'string') client.sendRaw(frame)
    else client.send(...frame)
    answers.push(await client.nextText())
  }
  return answers
}
