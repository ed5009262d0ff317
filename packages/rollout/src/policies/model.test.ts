import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { openLocal, definePureEnvironment } from '@openenv-ts/core'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { answer, chatServer, completion, toolCall, type ChatCall } from '../../test/chat-server.ts'
import { scratch, sums } from '../../test/environments.ts'
import { rollout } from '../rollout.ts'
import { runEpisode, type EpisodeResult } from '../run-episode.ts'
import { localTarget } from '../target.ts'
import { modelPolicy, type ModelOptions } from './model.ts'

const KEY = 'sk-very-secret-0123456789'

/** Plays the task of `sums` that takes two steps. */
async function play(
  url: string,
  options: Partial<ModelOptions> = {},
  signal?: AbortSignal,
): Promise<EpisodeResult> {
  await using episode = openLocal(sums)
  const policy = modelPolicy({ baseUrl: url, apiKey: KEY, model: 'tiny', ...options })
  const { actionSchema, description } = localTarget(sums)
  const reset = { taskId: 'twelve', seed: 1 }
  return await runEpisode(episode, policy, {
    reset,
    actionSchema,
    description,
    ...(signal === undefined ? {} : { signal }),
  })
}

/** What the last message shows the model. */
function shown({ body }: ChatCall): {
  readonly observation?: { sum: number; target: number }
  readonly error?: string
} {
  return JSON.parse(body.messages.at(-1)?.content ?? '') as { observation?: { sum: number; target: number } }
}

function wise(call: ChatCall): string {
  const { sum, target } = shown(call).observation ?? { sum: 0, target: 0 }
  return JSON.stringify({ add: Math.min(9, target - sum) })
}

describe('an endpoint with tools', () => {
  it('is offered the action as a tool, is told what came of each call, and its tokens are counted', async () => {
    await using server = await chatServer((call, response, count) => {
      answer(response, toolCall('act', wise(call), `call_${String(count)}`))
    })
    const result = await play(server.url, { temperature: 0.2, maxTokens: 200 })
    expect(result).toMatchObject({ outcome: 'completed', score: 1 })
    expect(result.usage).toEqual({
      requests: 2,
      prompt_tokens: 200,
      completion_tokens: 14,
      total_tokens: 214,
    })

    const [first, second] = server.calls
    expect(first?.path).toBe('/v1/chat/completions')
    expect(first?.headers.authorization).toBe(`Bearer ${KEY}`)
    expect(first?.body).toMatchObject({ model: 'tiny', temperature: 0.2, max_tokens: 200 })
    expect(first?.body['stream']).toBeUndefined()
    expect(first?.body.tools).toMatchObject([
      { type: 'function', function: { name: 'act', parameters: { required: ['add'] } } },
    ])
    expect(first?.body.messages[0]?.content).toContain('Reach the target')
    expect(second?.body.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool'])
    expect(second?.body.messages[3]).toMatchObject({ tool_call_id: 'call_1' })
    expect(shown(second as ChatCall)).toEqual({
      observation: { sum: 9, target: 12, noise: expect.any(Number) as number },
      reward: -0.125,
      info: { target: 12, task_id: 'twelve', 'reward.hit': 0, 'reward.effort': 1 },
    })
  })

  it('may answer with text all the same', async () => {
    await using server = await chatServer((call, response) => {
      answer(response, completion({ content: `I add this:\n\`\`\`json\n${wise(call)}\n\`\`\`` }))
    })
    const result = await play(server.url)
    expect(result).toMatchObject({ outcome: 'completed', score: 1 })
    expect(server.calls[1]?.body.messages.map(({ role }) => role)).toEqual([
      'system',
      'user',
      'assistant',
      'user',
    ])
  })

  it('calls the tool of a union that the action belongs to, the discriminator removed [OE-20]', async () => {
    const game = definePureEnvironment({
      name: 'game',
      description: 'Look, then say.',
      action: z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('look around') }),
        z.strictObject({ kind: z.literal('say'), word: z.string() }),
      ]),
      observation: z.strictObject({ heard: z.string() }),
      state: z.strictObject({ heard: z.string() }),
      initial: () => ({ heard: '' }),
      transition: (_state, action) => ({ heard: action.kind === 'say' ? action.word : 'a door' }),
      observe: (state) => state,
      reward: { open: ({ heard }) => (heard === 'friend' ? 1 : 0) },
      status: ({ heard }) => (heard === 'friend' ? 'terminated' : 'running'),
    })
    await using server = await chatServer((_call, response, count) => {
      answer(response, count === 1 ? toolCall('look_around', '') : toolCall('say', '{"word":"friend"}'))
    })
    const policy = modelPolicy({ baseUrl: server.url, apiKey: KEY, model: 'tiny' })
    const run = await rollout(game, policy, { out: false })
    expect(run.episodes).toMatchObject([{ outcome: 'completed', score: 1, step_count: 2 }])
    expect(server.calls[0]?.body.tools?.map((tool) => tool.function)).toMatchObject([
      { name: 'look_around', parameters: { properties: {}, required: [] } },
      {
        name: 'say',
        parameters: {
          properties: { word: { type: 'string' } },
          required: ['word'],
          additionalProperties: false,
        },
      },
    ])
  })

  it.each([
    ['arguments that are no JSON', toolCall('act', '{"add": ')],
    ['arguments that are no object', toolCall('act', '[9]')],
    ['a tool that does not exist', toolCall('attack', '{"add": 9}')],
    ['prose', completion({ content: 'I would rather not.' })],
    ['nothing at all', completion({ content: null })],
    ['a refusal', completion({ refusal: 'I cannot help with that.' })],
    ['an action that breaks the schema', toolCall('act', '{"add": 900}')],
  ])(
    'that gives %s makes an invalid action, is told so, and is asked again; never a substitute [OE-15]',
    async (_what, bad) => {
      await using server = await chatServer((call, response, count) => {
        answer(response, count === 1 ? bad : toolCall('act', count === 2 ? '{"add": 9}' : wise(call)))
      })
      const result = await play(server.url)
      expect(result).toMatchObject({ outcome: 'completed', score: 1 })
      expect(result.steps.map(({ action }) => action)).toEqual([{ add: 9 }, { add: 3 }])
      expect(shown(server.calls[1] as ChatCall).error).toMatch(/^Invalid action/)
    },
  )

  it('that never acts is an agent_error', async () => {
    await using server = await chatServer((_call, response) => {
      answer(response, completion({ content: 'Hm.' }))
    })
    expect(await play(server.url)).toMatchObject({
      outcome: 'agent_error',
      score: null,
      usage: { requests: 3 },
    })
  })

  it('has its invalid action counted by an environment that counts them [OE-2]', async () => {
    const strict = definePureEnvironment({
      ...sums.definition,
      invalid: (state) => ({ ...state, sum: state.target, steps: 5 }),
    })
    await using server = await chatServer((_call, response) => {
      answer(response, completion({ content: 'Seven, perhaps?' }))
    })
    const policy = modelPolicy({ baseUrl: server.url, apiKey: KEY, model: 'tiny' })
    await using place = await scratch()
    await rollout(strict, policy, { out: place.path('run'), tasks: ['five'] })
    const line = JSON.parse(await readFile(place.path('run/episodes.jsonl'), 'utf8')) as { steps: unknown[] }
    expect(line.steps).toMatchObject([
      {
        action: { unparsed_text: 'Seven, perhaps?' },
        reward: 0,
        info: { error: expect.stringContaining('Invalid action') as string },
      },
    ])
  })
})

describe('an endpoint without tools', () => {
  const plainOnly = (status: number) => (call: ChatCall, response: Parameters<typeof answer>[0]) => {
    if (call.body.tools === undefined) answer(response, completion({ content: wise(call) }))
    else answer(response, { error: { message: 'tools are not supported' } }, status)
  }

  it.each([400, 404, 422, 501])('says %i to tools and is asked without them from then on', async (status) => {
    await using server = await chatServer(plainOnly(status))
    const result = await play(server.url)
    expect(result).toMatchObject({ outcome: 'completed', score: 1, usage: { requests: 2 } })
    expect(server.calls.map(({ body }) => body.tools !== undefined)).toEqual([true, false, false])
    expect(server.calls[1]?.body.messages[0]?.content).toContain('"maximum":9')
  })

  it('is never offered tools when told so', async () => {
    await using server = await chatServer(plainOnly(400))
    expect(await play(server.url, { tools: 'never' })).toMatchObject({ outcome: 'completed', score: 1 })
    expect(server.calls).toHaveLength(2)
  })

  it('that takes neither form is an infrastructure_error that says what it said', async () => {
    await using server = await chatServer((_call, response) => {
      answer(response, { error: { message: 'The model `tiny` does not exist' } }, 404)
    })
    const result = await play(server.url)
    expect(result).toMatchObject({ outcome: 'infrastructure_error', score: null, return: null })
    expect(result.failure?.message).toContain('The model `tiny` does not exist')
  })
})

describe('an endpoint in trouble', () => {
  const recovers =
    (trouble: (response: Parameters<typeof answer>[0]) => void) =>
    (call: ChatCall, response: Parameters<typeof answer>[0], count: number) => {
      if (count === 1) trouble(response)
      else answer(response, toolCall('act', wise(call)))
    }

  it.each<[string, (response: Parameters<typeof answer>[0]) => void]>([
    [
      '429 with retry-after-ms',
      (response) => {
        answer(response, { error: { message: 'slow down' } }, 429, { 'retry-after-ms': '5' })
      },
    ],
    [
      '429 with retry-after',
      (response) => {
        answer(response, { error: { message: 'slow down' } }, 429, { 'retry-after': '0' })
      },
    ],
    [
      '500',
      (response) => {
        answer(response, 'oops', 500, { 'retry-after-ms': '1' })
      },
    ],
    [
      'a dropped connection',
      (response) => {
        response.destroy()
      },
    ],
    [
      'a connection dropped in the middle of the body',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '900' })
        response.write('{"choices": [', () => {
          response.destroy()
        })
      },
    ],
    [
      'an error under status 200',
      (response) => {
        answer(response, { error: { message: 'overloaded' } })
      },
    ],
    [
      'a page of HTML',
      (response) => {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Hello</h1>')
      },
    ],
  ])('is tried again after %s', async (_what, trouble) => {
    await using server = await chatServer(recovers(trouble))
    expect(await play(server.url)).toMatchObject({ outcome: 'completed', score: 1 })
    expect(server.calls).toHaveLength(3)
  })

  it('is tried so often, and then it is an infrastructure_error', async () => {
    await using server = await chatServer((_call, response) => {
      answer(response, { error: { message: 'the GPUs are on holiday' } }, 503, { 'retry-after-ms': '1' })
    })
    const result = await play(server.url, { maxRetries: 3 })
    expect(server.calls).toHaveLength(4)
    expect(result).toMatchObject({
      outcome: 'infrastructure_error',
      score: null,
      return: null,
      retryable: false,
    })
    expect(result.failure).toMatchObject({ during: 'policy', code: 'CONNECTION_ERROR' })
    expect(result.failure?.message).toBe(
      `The model endpoint ${server.url} failed, tried 4 times: 503 the GPUs are on holiday`,
    )
  })

  it('that is another kind of server is named as such, with what to check', async () => {
    await using server = await chatServer((_call, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Sign in</title>')
    })
    const result = await play(server.url, { maxRetries: 0 })
    expect(result.outcome).toBe('infrastructure_error')
    expect(result.failure?.message).toContain(
      'is not a chat completion. Check the base URL: most end in /v1.',
    )
    expect(result.failure?.message).not.toContain('Sign in')
  })

  it('that asks for a pause of an hour is not waited for', async () => {
    await using server = await chatServer((_call, response) => {
      answer(response, { error: { message: 'quota' } }, 429, { 'retry-after': '3600' })
    })
    const result = await play(server.url)
    expect(server.calls).toHaveLength(1)
    expect(result.failure?.message).toContain('asked to wait 3600 s')
  })

  it('that wants another key is not tried again', async () => {
    await using server = await chatServer((_call, response) => {
      answer(response, { error: { message: `Incorrect API key provided: ${KEY}` } }, 401)
    })
    const result = await play(server.url)
    expect(server.calls).toHaveLength(1)
    expect(result.outcome).toBe('infrastructure_error')
    expect(result.failure?.message).toContain('Incorrect API key provided: ***')
  })

  it('that is dead is an infrastructure_error', async () => {
    const probe = createServer().listen(0, '127.0.0.1')
    await once(probe, 'listening')
    const { port } = probe.address() as { port: number }
    probe.close()
    await once(probe, 'close')
    const result = await play(`http://127.0.0.1:${String(port)}/v1`, { maxRetries: 1 })
    expect(result).toMatchObject({ outcome: 'infrastructure_error', score: null })
    expect(result.failure?.message).toContain('ECONNREFUSED')
  })

  it.each([
    ['before the headers', () => undefined],
    [
      'in the middle of the body',
      (response: Parameters<typeof answer>[0]) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.write('{"choices"')
      },
    ],
  ])('that hangs %s is given up after the timeout', async (_where, hang) => {
    await using server = await chatServer((_call, response) => {
      hang(response)
    })
    const result = await play(server.url, { timeoutSeconds: 0.15, maxRetries: 1 })
    expect(server.calls).toHaveLength(2)
    expect(result).toMatchObject({ outcome: 'infrastructure_error' })
    expect(result.failure?.message).toContain('No answer within 0.15 s')
  })

  it('is let go at once when the episode is cancelled', async () => {
    const controller = new AbortController()
    await using server = await chatServer((_call, _response) => {
      controller.abort()
    })
    expect(await play(server.url, {}, controller.signal)).toMatchObject({ outcome: 'cancelled' })
    expect(server.calls).toHaveLength(1)
  })
})

describe('the key [RR-8]', () => {
  it('is in no file of the run and on no stream, whatever the endpoint says [OE-13]', async () => {
    const written: string[] = []
    const catchWrites = (chunk: unknown): boolean => {
      written.push(String(chunk))
      return true
    }
    const spies = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation(catchWrites),
    )
    vi.stubEnv('OPENAI_LOG', 'debug')
    vi.stubEnv('OPENAI_ORG_ID', 'org-of-somebody-else')
    try {
      await using server = await chatServer((_call, response) => {
        answer(response, { error: { message: `no such key: ${KEY}` } }, 500, { 'retry-after-ms': '1' })
      })
      await using place = await scratch()
      const withPassword = server.url.replace('http://', `http://user:${KEY}@`)
      const policy = modelPolicy({ baseUrl: withPassword, apiKey: KEY, model: 'tiny' })
      await rollout(sums, policy, { out: place.path('run'), tasks: ['five'] })
      const files = ['manifest.json', 'episodes.jsonl', 'errors.jsonl']
      const texts = await Promise.all(files.map((name) => readFile(place.path(`run/${name}`), 'utf8')))
      expect(texts.join()).toContain('infrastructure_error')
      expect([...texts, ...written].join()).not.toContain(KEY)
      expect(server.calls.map(({ headers }) => headers['openai-organization'])).not.toContain(
        'org-of-somebody-else',
      )
    } finally {
      vi.unstubAllEnvs()
      for (const spy of spies) spy.mockRestore()
    }
  })
})
