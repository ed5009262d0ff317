import { connect } from '@openenv-ts/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Running } from '../../packages/cli/test/command.ts'
import { importSource, serveImported } from './imported.ts'

const SOURCES = ['corner-shop', 'calculator'] as const
const ITEMS = ['tea', 'jam', 'salt', 'rice'] as const

let server: Running
let url = ''

beforeAll(async () => {
  const imported = await Promise.all(SOURCES.map((name) => importSource(name, `tools-${name}`)))
  expect(imported.map(({ code }) => code)).toEqual([0, 0])
  server = serveImported(SOURCES.map((name) => `tools-${name}`))
  url = (await server.shows(/^Listening on (http:\/\/\S+)\n/m))[1] ?? ''
})
afterAll(async () => {
  server.kill('SIGINT')
  await server.finished
})

describe('a taskset with a tool server, and an Env of two turns with a seat of its own name [IM-20] [IM-22]', () => {
  /** Calls tools turn by turn, then ends the episode with words; answers what was said back, and the reward. */
  async function play(
    index: number,
    calls: readonly (readonly [name: string, args: object])[],
  ): Promise<{ readonly shown: readonly string[]; readonly reward: number | null }> {
    await using episode = await connect(`${url}/tools-corner-shop`)
    const start = await episode.reset({ split: 'train', index })
    const { tools } = start.observation as { readonly tools: readonly { readonly name: string }[] }
    const shown = [tools.map(({ name }) => name).join()]
    for (const [at, [name, args]] of calls.entries()) {
      const turn = { content: null, tool_calls: [{ id: `call-${String(at)}`, name, arguments: args }] }
      const reply = await episode.step({ tool_name: 'submit', arguments: { messages: [turn] } })
      const { result } = reply.observation as { readonly result: { readonly content: readonly object[] } }
      shown.push(result.content.map((block) => ('text' in block ? String(block.text) : '')).join())
    }
    const last = await episode.step({ tool_name: 'submit', arguments: { completion: 'Done.' } })
    expect(last).toMatchObject({
      done: false,
      observation: { result: { content: [{ text: 'Anything else?' }] } },
    })
    const end = await episode.step({ tool_name: 'submit', arguments: { completion: 'No.' } })
    expect(end.done).toBe(true)
    return { shown, reward: end.reward }
  }

  it('offers its tools with the prompt, runs them, and scores what they did', async () => {
    expect(
      await play(0, [
        ['till_price', { item: 'tea' }],
        ['till_buy', { item: 'tea' }],
      ]),
    ).toEqual({ shown: ['till_buy,till_price', '3', '1 in the basket'], reward: 1 })
  })

  it('keeps a basket for each of eight episodes at a time', async () => {
    const played = await Promise.all(
      Array.from({ length: 8 }, (_, number) => {
        const wanted = ITEMS[number % 4] ?? 'tea'
        const wrong = ITEMS[(number + 1) % 4] ?? 'jam'
        return play(number % 4, [
          ['till_buy', { item: wanted }],
          ...(number < 4 ? [['till_buy', { item: wrong }] as const] : []),
        ])
      }),
    )
    expect(played.map(({ reward }) => reward)).toEqual([0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1])
  })

  it('answers calls that cannot be made in the words of the library, and goes on [IM-29]', async () => {
    const { shown, reward } = await play(3, [
      ['till_steal', { item: 'rice' }],
      ['till_price', { item: 'gold' }],
      ['till_buy', {}],
      ['till_buy', { item: 'rice' }],
    ])
    expect(shown[1]).toBe("error: unknown tool 'till_steal'")
    expect(shown.at(-1)).toBe('1 in the basket')
    expect(reward).toBe(1)
  })
})

describe('an environment whose tools come from an MCP server that it starts itself [IM-22]', () => {
  const submit = (turn: object): Record<string, unknown> => ({ tool_name: 'submit', arguments: turn })

  it('shows them with the prompt, and plays them to the end, sixteen at a time', async () => {
    const ends = await Promise.all(
      Array.from({ length: 16 }, async (_, number) => {
        await using episode = await connect(`${url}/tools-calculator`)
        const start = await episode.reset({ split: 'train', index: number % 3 })
        expect(start.observation).toMatchObject({
          tools: [{ name: 'add', description: 'Add two whole numbers.' }],
        })
        const { prompt } = start.observation as { readonly prompt: string }
        const [a, b] = (prompt.match(/\d+/g) ?? []).map(Number)
        const call = { id: 'call', name: 'add', arguments: { a, b } }
        const { observation } = await episode.step(
          submit({ messages: [{ role: 'assistant', content: '', tool_calls: [call] }] }),
        )
        const { result } = observation as { readonly result: { readonly content: [{ text: string }] } }
        const said = result.content[0].text
        const end = await episode.step(submit({ completion: number < 8 ? said : 'I do not know.' }))
        return [end.done, end.reward]
      }),
    )
    expect(ends).toEqual(Array.from({ length: 16 }, (_, number) => [true, number < 8 ? 1 : 0]))
  })
})
