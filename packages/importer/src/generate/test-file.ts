/** The text of `src/index.test.ts` of an imported package: holds for whatever its wrapper default-exports. */
export function testFile(name: string): string {
  return TEST.replace('NAME', name)
}

const TEST = `import { openLocal, type AnyEnvironment } from '@openenv-ts/core'
import { checkEnvironment } from '@openenv-ts/core/testing'
import { describe, expect, it } from 'vitest'
import imported from './index.ts'

/** With the types off: calls that they would not let through are tested here. */
const environment: AnyEnvironment = imported
const MINUTE = 60_000
/** What a task's place is called by; everything else of it is the source's. */
const PLACE = ['id', 'split', 'index']
const given = (environment.secrets ?? []).flatMap((name) => {
  const secret = process.env[name]
  return secret === undefined ? [] : [[name, secret] as const]
})
const secrets: Readonly<Record<string, string>> = Object.fromEntries(given)
const splits = [...((await environment.tasks?.splits()) ?? [])]

describe('NAME', () => {
  it('keeps the contract', () => checkEnvironment(environment, { seeds: [0, 1], steps: 3 }), 10 * MINUTE)

  it.each(splits)(
    'opens the first task of $name, and shows nothing of it but its prompt and tools',
    async ({ name }) => {
      const [task] = (await environment.tasks?.range(name, 0, 1)) ?? []
      await using episode = openLocal(environment)
      const reply = await episode.reset({ split: name, index: 0, secrets })
      const { prompt, tools, ...rest } = fieldsOf(reply.observation)
      expect(prompt).toMatch(/\\S/)
      expect(environment.tools ?? []).not.toEqual([])
      expect(reply.done).toBe(false)
      const told = wordsOf([prompt, tools, environment.tools])
      const shown = wordsOf([rest, reply.info])
      const row = Object.entries(fieldsOf(task?.spec)).filter(([key]) => !PLACE.includes(key))
      for (const value of valuesOf(row.map(([, field]) => field)))
        if (!has(told, value)) expect(has(shown, value), value).toBe(false)
    },
    MINUTE,
  )

  it(
    'answers an unknown tool with an observation, and goes on',
    async () => {
      await using episode = openLocal(environment)
      await episode.reset({ secrets })
      for (let call = 1; call <= 2; call += 1) {
        const reply = await episode.step({ type: 'call_tool', tool_name: 'no_such_tool', arguments: {} })
        expect(fieldsOf(fieldsOf(reply.observation)['error'])).toHaveProperty('error_type', 'tool_not_found')
        expect(reply.done).toBe(false)
      }
    },
    MINUTE,
  )

  it(
    'answers bad arguments of any tool with an observation, and goes on',
    async () => {
      await using episode = openLocal(environment)
      await episode.reset({ secrets })
      for (const { name, inputSchema } of environment.tools ?? []) {
        if (!Array.isArray(inputSchema['required']) || inputSchema['required'].length === 0) continue
        const reply = await episode.step({ type: 'call_tool', tool_name: name, arguments: {} })
        expect(fieldsOf(reply.observation)['error'], name).not.toBeNull()
        expect(reply.done, name).toBe(false)
      }
    },
    MINUTE,
  )
})

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** Everything that is said somewhere in a value; who says it in what form is no secret. */
function wordsOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const said = Object.entries(value).filter(([key]) => key !== 'role' && key !== 'type')
  return said.map(([, each]) => wordsOf(each)).join('\\n')
}

/** The texts and numbers in a task that nobody would say by chance. */
function valuesOf(value: unknown): readonly string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(valuesOf)
  const text = typeof value === 'string' ? value.trim() : ''
  const number = typeof value === 'number' && Math.abs(value) >= 1000 ? String(value) : ''
  return [text.length >= 4 ? text : number].filter(Boolean)
}

/** Whether a text has a value in it, not just as a part of a word. */
function has(text: string, value: string): boolean {
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
    const around = (text[at - 1] ?? ' ') + (text[at + value.length] ?? ' ')
    if (!/\\w/.test(around)) return true
  }
  return false
}
`
