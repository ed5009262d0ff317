import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { checkFormat, KEY, variables } from './test/inference.ts'
import { FALLBACK_ACTION, MAX_STEPS, MAX_TOKENS, run, TEMPERATURE, type Bounds } from './inference.ts'
import { goldOf } from './src/grading/graders.ts'
import { TASKS } from './src/tasks/canonical.ts'

const servers: Server[] = []

interface Asked {
  readonly messages: readonly { readonly role: string; readonly content: string }[]
  readonly [key: string]: unknown
}

/** A server of the chat-completions shape; `reply` answers a request's body. */
async function endpoint(
  reply: (body: Asked, response: ServerResponse, request: IncomingMessage) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      reply(JSON.parse(text) as Asked, response, request)
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/v1`
}

function say(response: ServerResponse, content: unknown): void {
  response.setHeader('content-type', 'application/json')
  response.end(
    JSON.stringify({
      id: '1',
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content } }],
    }),
  )
}

async function output(env: Record<string, string>, bounds: Partial<Bounds> = {}): Promise<string[]> {
  const lines: string[] = []
  await run({ env, bounds, print: (line) => lines.push(line) })
  return lines
}

/** The right answer to the email that a prompt shows. */
function rightAnswer({ messages }: Asked): object {
  const prompt = messages.at(-1)?.content ?? ''
  for (const task of TASKS['canonical'] ?? []) {
    for (const { id, body } of task.emails) {
      if (!prompt.includes(body)) continue
      const { label, route, summary } = goldOf(task.id, id)
      return { label, route_to: route, summary }
    }
  }
  throw new RangeError(prompt)
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

describe('inference', () => {
  it('has the constants of the script [ET-17]', () => {
    expect([MAX_STEPS, TEMPERATURE, MAX_TOKENS]).toEqual([10, 0.2, 200])
    expect(FALLBACK_ACTION).toMatchObject({ label: 'normal' })
  })

  it('plays to the full score when the model is right, and asks it as agreed [ET-17] [ET-19]', async () => {
    const asked: Asked[] = []
    const keys = new Set<string | undefined>()
    const url = await endpoint((body, response, request) => {
      asked.push(body)
      keys.add(request.headers.authorization)
      expect(request.url).toBe('/v1/chat/completions')
      say(response, `Next action: \`\`\`json\n${JSON.stringify(rightAnswer(body))}\n\`\`\``)
    })
    const lines = await output(variables(url))
    checkFormat(lines)
    expect(lines.at(-1)).toBe('Mean 1.00')
    expect(asked).toHaveLength(24)
    expect([...keys]).toEqual([`Bearer ${KEY}`])
    for (const { model, temperature, max_tokens, stream } of asked) {
      expect({ model, temperature, max_tokens, stream }).toEqual({
        model: 'some/model',
        temperature: 0.2,
        max_tokens: 200,
        stream: false,
      })
    }
    expect(asked[2]?.messages.at(-1)?.content).toMatch(
      /Step 1: label=normal, route=people -> reward \+0\.99\nStep 2: label=urgent, route=safety -> reward \+0\.98/,
    )
    expect(asked[0]?.messages[0]?.content).toMatch(/^- safety: /m)
  })

  it.each([
    ['prose', 'I would look at this mail tomorrow.'],
    ['nothing', ''],
    ['null', null],
    ['a number', 7],
    ['garbage', '{"label": "later", "route_to": }}}{{{'],
  ])('falls back on %s [ET-18]', async (_what, content) => {
    const url = await endpoint((_body, response) => {
      say(response, content)
    })
    const lines = await output(variables(url))
    checkFormat(lines)
    expect(lines.filter((line) => line.includes('label=normal, route=none'))).toHaveLength(24)
  })

  it('falls back on a body that is no completion [ET-18]', async () => {
    const url = await endpoint((_body, response) => {
      response.setHeader('content-type', 'application/json')
      response.end('{"choices": "none"}')
    })
    checkFormat(await output(variables(url)))
  })

  it('prints one line for a failed request, without the key, and gives up on a dead endpoint [ET-18] [ET-19]', async () => {
    let requests = 0
    const url = await endpoint((_body, response) => {
      requests += 1
      response.statusCode = 500
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ error: { message: `wrong key ${KEY}\nand more` } }))
    })
    const lines = await output(variables(url))
    checkFormat(lines)
    const failures = lines.filter((line) => line.startsWith('Model request failed ('))
    expect(failures).toHaveLength(3)
    for (const line of failures)
      expect(line).toMatch(/^Model request failed \(.*\*\*\*.*\)\. Using fallback action\.$/)
    expect(requests).toBeLessThanOrEqual(6)
  })

  it('goes on asking after a failure that passes [ET-18]', async () => {
    let requests = 0
    const url = await endpoint((body, response) => {
      requests += 1
      if (requests % 4 === 1) {
        response.statusCode = 400
        response.end('no')
      } else say(response, JSON.stringify(rightAnswer(body)))
    })
    const lines = await output(variables(url))
    checkFormat(lines)
    expect(lines.filter((line) => line.startsWith('Model request failed'))).toHaveLength(6)
  })

  it.each([
    ['never answers', (): void => undefined],
    [
      'stops after the headers',
      (response: ServerResponse): void =>
        void response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
    ],
    ['hangs up', (response: ServerResponse): void => void response.destroy()],
  ])('ends with scores at an endpoint that %s [ET-19]', async (_what, answer) => {
    const url = await endpoint((_body, response) => {
      answer(response)
    })
    checkFormat(await output(variables(url), { requestMs: 100 }))
  })

  it('stops asking when its time is up [ET-19]', async () => {
    let requests = 0
    const url = await endpoint((body, response) => {
      requests += 1
      say(response, JSON.stringify(rightAnswer(body)))
    })
    checkFormat(await output(variables(url), { totalMs: 0 }))
    expect(requests).toBe(0)
  })

  it.each([
    [{}, 'API_BASE_URL, HF_TOKEN or API_KEY, MODEL_NAME'],
    [{ API_BASE_URL: 'http://127.0.0.1:9', HF_TOKEN: '', MODEL_NAME: 'm' }, 'HF_TOKEN or API_KEY'],
    [{ API_BASE_URL: 'http://127.0.0.1:9', OPENAI_API_KEY: 'x', API_KEY: 'y' }, 'MODEL_NAME'],
  ])(
    'says which variables are missing and plays on without a model [ET-17] [ET-19]',
    async (env, missing) => {
      const lines = await output(env)
      checkFormat(lines)
      expect(lines[0]).toBe(`No model: set ${missing}. Every step uses the fallback action.`)
    },
  )

  it('prefers HF_TOKEN and takes API_KEY [ET-17]', async () => {
    const keys: (string | undefined)[] = []
    const url = await endpoint((_body, response, request) => {
      keys.push(request.headers.authorization)
      say(response, 'label=spam, route=none')
    })
    await output({ ...variables(url), API_KEY: 'other' })
    await output({ API_BASE_URL: url, MODEL_NAME: 'm', API_KEY: 'other' })
    expect([keys[0], keys.at(-1)]).toEqual([`Bearer ${KEY}`, 'Bearer other'])
  })

  it('survives an address that is none [ET-19]', async () => {
    checkFormat(await output(variables('not a url')))
  })

  it('shows a route of many lines in one [ET-19]', async () => {
    const url = await endpoint((_body, response) => {
      say(
        response,
        JSON.stringify({ label: 'spam', route_to: `a\n\u001B[2Jb${'c'.repeat(500)}`, summary: 's' }),
      )
    })
    checkFormat(await output(variables(url)))
  })
})
