import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineToolEnvironment } from './tool-environment.ts'
import type { Environment, StartContext } from './environment.ts'
import { openLocal } from './local.ts'

/** Notes what its episodes are started with. */
function curious(secrets?: readonly string[]): { environment: Environment; starts: StartContext[] } {
  const starts: StartContext[] = []
  const timeStep = { observation: {}, reward: 0, status: 'running', info: {} } as const
  const environment: Environment = {
    name: 'curious',
    description: 'Looks at what it is started with.',
    version: '0.0.0',
    action: z.strictObject({}),
    observation: z.strictObject({}),
    ...(secrets === undefined ? {} : { secrets }),
    rubric: [],
    limits: {},
    deterministic: true,
    concurrent: true,
    start: (context) => {
      starts.push(context)
      return {
        timeStep: timeStep,
        step: () => ({ timeStep: timeStep, step: () => Promise.reject(new Error()) }),
      }
    },
  }
  return { environment, starts }
}

describe('secrets of a reset', () => {
  it('reach the environment by the names that it declares, and no others [IM-28]', async () => {
    const { environment, starts } = curious(['TOKEN'])
    await using episode = openLocal(environment)
    await episode.reset({ secrets: { TOKEN: 'a', api_key: 'b' } })
    await episode.reset()
    expect(starts[0]?.secrets).toEqual({ TOKEN: 'a' })
    expect(starts[1]).not.toHaveProperty('secrets')
  })

  it('reach none that declares none, and stand in no state [IM-28]', async () => {
    const { environment, starts } = curious()
    await using episode = openLocal(environment)
    await episode.reset({ secrets: { TOKEN: 'sk-secret' } })
    expect(starts[0]).not.toHaveProperty('secrets')
    expect(JSON.stringify([await episode.state(), episode.reply])).not.toContain('sk-secret')
  })
})

describe('a tool for the last words', () => {
  const tool = (input: z.ZodType<never>) => ({ description: '', input, terminal: true, run: () => null })
  const define = (tools: Record<string, ReturnType<typeof tool>>) =>
    defineToolEnvironment({ name: 'talk', open: () => 0, tools, rubric: { none: () => 0 } })
  const text = z.strictObject({ text: z.string() }) as unknown as z.ZodType<never>
  const nothing = z.strictObject({}) as unknown as z.ZodType<never>

  it('takes one text, or nothing [IM-28]', () => {
    for (const input of [text, nothing]) {
      expect(define({ answer: tool(input) }).tools?.[0]).toMatchObject({ name: 'answer', terminal: true })
    }
    for (const shape of [{ a: z.string(), b: z.string() }, { number: z.int() }]) {
      const input = z.strictObject(shape) as unknown as z.ZodType<never>
      expect(() => define({ answer: tool(input) })).toThrow(/"answer" takes the agent's last words/)
    }
  })

  it('is the only one [IM-28]', () => {
    expect(() => define({ one: tool(text), two: tool(nothing) })).toThrow(/not both one and two/)
  })
})
