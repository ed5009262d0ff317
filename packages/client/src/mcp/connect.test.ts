import { defineToolEnvironment } from '@openenv-ts/core'
import type { Progress } from '@openenv-ts/core/host'
import { counter } from '@openenv-ts/core/testing'
import { serve } from '@openenv-ts/server/node'
import { createServer, type RequestListener } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { connectMcp } from './index.ts'

const workshop = defineToolEnvironment({
  name: 'workshop',
  description: 'Make something.',
  version: '2.0.0',
  open: () => ({ made: 0 }),
  prompt: () => 'Make three things.',
  tools: {
    make: {
      description: 'Makes one thing.',
      input: z.strictObject({ what: z.string() }),
      run: (world, { what }) => ({ what, made: (world.made += 1) }),
    },
    breakage: {
      description: 'Breaks.',
      input: z.strictObject({}),
      run: () => {
        throw new Error('It broke.')
      },
    },
    wait: {
      description: 'Takes its time, and says so.',
      input: z.strictObject({ parts: z.int(), each: z.int() }),
      run: async (_world, { parts, each }, { progress, signal }) => {
        for (let part = 1; part <= parts; part += 1) {
          await new Promise((resolve, reject) => {
            const timer = setTimeout(resolve, each)
            signal.addEventListener('abort', () => {
              clearTimeout(timer)
              reject(new Error('stopped'))
            })
          })
          progress({ progress: part, total: parts })
        }
        return parts
      },
    },
  },
  rubric: { made: ({ made }) => made },
})

async function listen(handle: RequestListener) {
  const server = createServer(handle).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/mcp`
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('connectMcp, to a server of ours', () => {
  it('offers the tools of an episode, with what an agent is told first', async () => {
    await using server = await serve(workshop, { port: 0, agentEpisode: '' })
    await using tools = await connectMcp(`${server.url}/mcp`)
    expect(tools.server).toEqual({ name: 'workshop', version: '2.0.0' })
    expect(tools.instructions).toContain('Make three things.')
    expect(tools.revision).toBe('2026-07-28')
    expect((await tools.listTools()).map(({ name }) => name)).toEqual(['make', 'breakage', 'wait'])
    expect(await tools.callTool('make', { what: 'a chair' })).toEqual({
      content: [{ type: 'text', text: '{"what":"a chair","made":1}' }],
      structuredContent: { what: 'a chair', made: 1 },
      data: { what: 'a chair', made: 1 },
      isError: false,
    })
  })

  it('answers what went wrong in a tool, its name or its arguments as results', async () => {
    await using server = await serve(workshop, { port: 0, agentEpisode: '' })
    await using tools = await connectMcp(new URL(`${server.url}/mcp`))
    const said = async (name: string, args: unknown) => {
      const { isError, content } = await tools.callTool(name, args)
      return [isError, content.map((block) => (block.type === 'text' ? block.text : block.type)).join()]
    }
    expect(await said('breakage', {})).toEqual([true, 'It broke.'])
    expect(await said('make', { what: 7 })).toEqual([true, expect.stringContaining('what')])
    expect(await said('nothing', {})).toEqual([true, expect.stringContaining('nothing')])
  })

  it('tells progress, and counts the time anew with each report', async () => {
    await using server = await serve(workshop, { port: 0, agentEpisode: '' })
    await using tools = await connectMcp(`${server.url}/mcp`, { timeoutMs: 2500 })
    const heard: Progress[] = []
    const result = await tools.callTool(
      'wait',
      { parts: 6, each: 500 },
      { onProgress: (progress) => heard.push(progress) },
    )
    expect(result.isError).toBe(false)
    expect(heard).toEqual([1, 2, 3, 4, 5, 6].map((part) => ({ progress: part, total: 6 })))
  })

  it('fails with TIMEOUT when a call takes longer than it may', async () => {
    await using server = await serve(workshop, { port: 0, agentEpisode: '' })
    await using tools = await connectMcp(`${server.url}/mcp`, { timeoutMs: 200 })
    await expect(tools.callTool('wait', { parts: 1, each: 60_000 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    })
  })

  it('gives a call up when its signal says so, with the reason of the signal', async () => {
    await using server = await serve(workshop, { port: 0, agentEpisode: '' })
    await using tools = await connectMcp(`${server.url}/mcp`)
    const controller = new AbortController()
    const call = tools.callTool('wait', { parts: 1, each: 60_000 }, { signal: controller.signal })
    const enough = new Error('enough')
    setTimeout(() => {
      controller.abort(enough)
    }, 50)
    await expect(call).rejects.toBe(enough)
    await expect(tools.callTool('make', {}, { signal: controller.signal })).rejects.toBe(enough)
  })

  it('plays an action-shaped environment to its end', async () => {
    await using server = await serve(counter, { port: 0, agentEpisode: 'count-to-5' })
    await using tools = await connectMcp(`${server.url}/mcp`)
    const at = async (name: string, args: object) => (await tools.callTool(name, args)).structuredContent
    expect(await at('observe', {})).toMatchObject({
      observation: { count: 0, goal: 5 },
      done: false,
      reward: null,
    })
    expect(await at('act', { by: 3 })).toMatchObject({ observation: { count: 3 }, done: false })
    expect(await at('act', { by: 2 })).toMatchObject({ observation: { count: 5 }, done: true })
    // A revision without sessions has a fresh episode after the end [OE-19].
    expect(await at('act', { by: 1 })).toMatchObject({ observation: { count: 1 }, done: false })
  })

  it('sends its token, and names what is missing without one', async () => {
    await using server = await serve(workshop, { port: 0, agentEpisode: '', tokens: { agent: 'secret' } })
    await expect(connectMcp(`${server.url}/mcp`)).rejects.toMatchObject({
      code: 'CONNECTION_ERROR',
      message: expect.stringContaining('token') as string,
    })
    await using tools = await connectMcp(`${server.url}/mcp`, { token: 'secret' })
    expect(await tools.listTools()).toHaveLength(3)
    await using other = await connectMcp(`${server.url}/mcp`, { headers: { 'X-API-Key': 'secret' } })
    expect(await other.listTools()).toHaveLength(3)
  })
})

describe('connectMcp, to nothing of the kind', () => {
  it.each(['', 'localhost:8000/mcp', 'ws://localhost/mcp'])('refuses the address "%s"', async (address) => {
    await expect(connectMcp(address)).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      message: expect.stringContaining('whole one') as string,
    })
  })

  it('refuses a time limit that is none', async () => {
    await expect(connectMcp('http://localhost/mcp', { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    })
  })

  it('says that nobody answers, without the secrets of the address', async () => {
    const gone = await listen(() => undefined)
    await gone[Symbol.asyncDispose]()
    const failure = await connectMcp(`${gone.url}?key=secret`).catch(String)
    expect(failure).toContain(`No MCP server can be reached at ${gone.url} (`)
    expect(failure).not.toContain('secret')
  })

  it('says that what answers is no MCP server', async () => {
    await using page = await listen((_request, response) => {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not here</h1>')
    })
    await expect(connectMcp(page.url)).rejects.toMatchObject({ code: 'CONNECTION_ERROR' })
  })

  it('gives up when its signal says so, or its time is over', async () => {
    await using silent = await listen(() => undefined)
    const reason = new Error('enough')
    await expect(connectMcp(silent.url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    setTimeout(() => {
      controller.abort(reason)
    }, 50)
    await expect(connectMcp(silent.url, { signal: controller.signal })).rejects.toBe(reason)
    await expect(connectMcp(silent.url, { connectTimeoutMs: 100 })).rejects.toMatchObject({ code: 'TIMEOUT' })
  })
})
