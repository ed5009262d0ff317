import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { actionFromCall, actionFromText } from './answer.ts'
import { actionTools } from '@openenv-ts/core/host'

const plain = actionTools({ type: 'object', properties: { label: { type: 'string' } }, required: ['label'] })
const variant = (kind: string, more: object): object => ({
  type: 'object',
  properties: { kind: { const: kind }, ...more },
  required: ['kind'],
})
const union = actionTools({ oneOf: [variant('go', { to: { type: 'string' } }), variant('stop', {})] })

describe('an action read from text', () => {
  it.each([
    ['alone', '{"label":"urgent"}'],
    ['in a fence', 'Sure!\n```json\n{"label": "urgent"}\n```\nAnything else?'],
    ['in prose', 'My answer is {"label":"urgent"}. Good luck {with it}.'],
    ['after thinking', '<think>Perhaps {"label":"spam"}?</think>{"label":"urgent"}'],
    ['after another', 'First I thought {"label":"spam"}, but no: {"label":"urgent"}'],
    ['after a stray brace', 'a { b {"label":"urgent"}'],
    ['as a call that was written out', '{"name":"act","arguments":{"label":"urgent"}}'],
  ])('may stand %s', (_where, text) => {
    expect(actionFromText(text, plain)).toEqual({ label: 'urgent' })
  })

  it('is not broken by braces and quotes inside texts', () => {
    const action = { label: 'a } b { c "quoted" \\ }' }
    expect(actionFromText(`so: ${JSON.stringify(action)} ok`, plain)).toEqual(action)
  })

  it('keeps the discriminator of a union, or takes it from the name of a call', () => {
    expect(actionFromText('{"kind":"go","to":"x"}', union)).toEqual({ kind: 'go', to: 'x' })
    expect(actionFromText('{"name":"go","arguments":{"to":"x"}}', union)).toEqual({ kind: 'go', to: 'x' })
    expect(actionFromCall('stop', '', union)).toEqual({ kind: 'stop' })
  })

  it('is unwrapped where the schema is of no object', () => {
    const words = actionTools({ type: 'string' })
    expect(actionFromText('{"action":"hello"}', words)).toBe('hello')
    expect(actionFromCall('act', '{"action":"hello"}', words)).toBe('hello')
  })

  it.each(['', 'no', '[1]', '"text"', 'null', '{"label": urgent}', '{'.repeat(50_000)])(
    'is an invalid action that shows the text when there is none (%#)',
    (text) => {
      expect(actionFromText(text, plain)).toEqual({ unparsed_text: text.slice(0, 4000) })
    },
  )

  it('is found again in whatever prose around it', () => {
    const prose = fc.string().filter((text) => !/[{}"]|<\/think>/.test(text))
    const actions = fc.record(
      { label: fc.string(), n: fc.integer() },
      { requiredKeys: ['label'], noNullPrototype: true },
    )
    fc.assert(
      fc.property(prose, actions, prose, (before, action, after) => {
        fc.pre(!action.label.includes('</think>'))
        expect(actionFromText(`${before}${JSON.stringify(action, null, 2)}${after}`, plain)).toEqual(action)
      }),
    )
  })
})

describe('tools made of a schema [OE-20]', () => {
  it('have names that endpoints take, unlike each other', () => {
    const tools = actionTools({
      anyOf: [
        variant('look at', {}),
        variant('look_at', {}),
        variant('🙂', {}),
        variant('x'.repeat(100), {}),
      ],
    })
    expect(tools.map(({ name }) => name)).toEqual(['look_at', 'look_at_2', '__', 'x'.repeat(60)])
    expect(tools[0]?.actionOf({})).toEqual({ kind: 'look at' })
  })

  it('are one where nothing tells the members of a union apart', () => {
    const [tool, ...others] = actionTools({
      oneOf: [
        { type: 'object', properties: { a: { type: 'string' } } },
        { type: 'object', properties: { b: { type: 'string' } } },
      ],
    })
    expect(others).toEqual([])
    expect(tool?.name).toBe('act')
    expect(tool?.actionOf({ action: { a: 'x' } })).toEqual({ a: 'x' })
    expect(tool?.actionOf({ a: 'x' })).toEqual({ a: 'x' })
  })

  it('keep the definitions that references point at', () => {
    const tools = actionTools({
      $defs: { Tree: { type: 'object' } },
      oneOf: [variant('grow', { tree: { $ref: '#/$defs/Tree' } }), variant('fell', {})],
    })
    expect(tools[0]?.inputSchema).toMatchObject({
      $defs: { Tree: { type: 'object' } },
      properties: { tree: { $ref: '#/$defs/Tree' } },
    })
  })
})
