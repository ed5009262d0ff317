import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Issue } from './errors.ts'
import { describeIssues, issuesOf } from './issues.ts'
import { declaredKeys, toJsonSchema } from './schema.ts'
import { refuseTransforms, refuseUnknownKeys } from './strictness.ts'

function issues(schema: z.ZodType, input: unknown): Issue[] {
  const parsed = schema.safeParse(input)
  return parsed.success ? [] : issuesOf(parsed.error, input)
}

describe('issuesOf [OE-9]', () => {
  const Mail = z.strictObject({
    label: z.enum(['a', 'b']),
    to: z.strictObject({ name: z.string() }),
    n: z.int().optional(),
  })

  it('calls a field that is not there `missing`, and shows the object that lacks it', () => {
    expect(issues(Mail, { to: {} })).toEqual([
      { type: 'missing', loc: ['label'], msg: 'Field required', input: { to: {} } },
      { type: 'missing', loc: ['to', 'name'], msg: 'Field required', input: {} },
    ])
  })

  it('calls an unknown field `extra_forbidden`, each with its own place and value', () => {
    const good = { label: 'a', to: { name: 'x' } }
    expect(issues(Mail, { ...good, lable: 1, 'two words': [2] })).toEqual([
      { type: 'extra_forbidden', loc: ['lable'], msg: 'Unknown field', input: 1 },
      { type: 'extra_forbidden', loc: ['two words'], msg: 'Unknown field', input: [2] },
    ])
    const polluted = JSON.parse('{"label":"a","to":{"name":"x"},"__proto__":{"y":1}}') as object
    expect(issues(Mail, polluted)).toEqual([
      { type: 'extra_forbidden', loc: ['__proto__'], msg: 'Unknown field', input: { y: 1 } },
    ])
  })

  it("keeps zod's code for everything else, with the value as received", () => {
    expect(issues(Mail, { label: 'c', to: { name: 7 }, n: 0.5 })).toMatchObject([
      { type: 'invalid_value', loc: ['label'], input: 'c' },
      { type: 'invalid_type', loc: ['to', 'name'], input: 7 },
      { type: 'invalid_type', loc: ['n'], input: 0.5 },
    ])
    expect(issues(Mail, 'text')).toMatchObject([{ type: 'invalid_type', loc: [], input: 'text' }])
  })

  it('shows at most 200 characters of a value, and nothing that JSON cannot carry', () => {
    const Text = z.strictObject({ a: z.int() })
    const long = 'x'.repeat(10_000)
    const loop: Record<string, unknown> = {}
    loop['self'] = loop
    const values: readonly unknown[] = [
      long,
      { long },
      [long],
      loop,
      10n,
      () => long,
      Symbol('s'),
      NaN,
      -Infinity,
      new Map(),
    ]
    for (const value of values) {
      const found = issues(Text, { a: value })
      expect(found).toHaveLength(1)
      const shown = found[0]?.input
      const text = typeof shown === 'string' ? shown : ((JSON.stringify(shown) as string | undefined) ?? '')
      expect(text.length).toBeLessThanOrEqual(200)
    }
    expect(String(issues(Text, { a: long })[0]?.input)).toHaveLength(200)
    expect(issues(Text, { a: NaN })[0]?.input).toBe('NaN')
  })

  it('stays small and JSON for any input whatever', () => {
    const Any = z.strictObject({ a: z.string(), b: z.array(z.int()) })
    fc.assert(
      fc.property(fc.object({ withBigInt: true, withMap: true, withNullPrototype: true }), (input) => {
        const found = issues(Any, input)
        for (const issue of found) expect(JSON.stringify(issue).length).toBeLessThan(2000)
        expect(describeIssues(found)).toBeTypeOf('string')
      }),
    )
  })

  it('lists at most fifty faults', () => {
    const keys = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${String(index)}`, 1]))
    expect(issues(z.strictObject({}), keys)).toHaveLength(50)
  })

  it('puts a prefix before every place, and says it in one line', () => {
    const parsed = z.strictObject({ a: z.int() }).safeParse({ a: 'x', b: 1 })
    expect(
      parsed.error && issuesOf(parsed.error, { a: 'x', b: 1 }, ['action']).map(({ loc }) => loc),
    ).toEqual([
      ['action', 'a'],
      ['action', 'b'],
    ])
    expect(describeIssues(issues(Mail, { lable: 1, to: { name: 'x' } }))).toBe(
      'label: Field required; lable: Unknown field',
    )
    expect(describeIssues([{ type: 'x', loc: [], msg: 'Expected object' }])).toBe('action: Expected object')
    expect(describeIssues([{ type: 'x', loc: [], msg: 'Expected object' }], 'row')).toBe(
      'row: Expected object',
    )
  })
})

describe('toJsonSchema', () => {
  it('gives the form that may be sent, or the one that comes out, without naming the dialect', () => {
    const Options = z.strictObject({ from: z.int().min(0).default(0).describe('Start.') })
    expect(toJsonSchema(Options, 'input', 'options')).not.toHaveProperty('required')
    expect(toJsonSchema(Options, 'output', 'options')).toMatchObject({
      required: ['from'],
      additionalProperties: false,
    })
    expect(toJsonSchema(Options, 'input', 'options')).not.toHaveProperty('$schema')
  })

  it('says which schema has none', () => {
    expect(() => toJsonSchema(z.strictObject({ at: z.date() }), 'output', 'state')).toThrow(
      'The state schema has no JSON Schema',
    )
  })

  it('knows the names that an object, or each branch of a union, declares', () => {
    const Union = z.discriminatedUnion('t', [
      z.object({ t: z.literal('a'), x: z.int() }),
      z.object({ t: z.literal('b') }),
    ])
    expect([...declaredKeys(Union)]).toEqual(['t', 'x'])
    expect([...declaredKeys(z.string())]).toEqual([])
  })
})

describe('refuseUnknownKeys [OE-3]', () => {
  const refusing = (schema: z.ZodType, input: unknown): (string | number)[][] =>
    issues(refuseUnknownKeys(schema), input).map(({ loc }) => [...loc])

  it('refuses unknown keys by name at every depth', () => {
    const Deep = z.object({
      inner: z.object({ a: z.int() }).optional(),
      list: z.array(z.object({ b: z.int() }).nullable()).default([]),
    })
    const input = { inner: { a: 1, x: 1 }, list: [{ b: 1, y: 1 }, null], z: 1 }
    expect(refusing(Deep, input)).toEqual([['inner', 'x'], ['list', 0, 'y'], ['z']])
    expect(refuseUnknownKeys(Deep).parse({})).toEqual({ list: [] })
  })

  it('refuses them in every branch of a union', () => {
    const Union = z.discriminatedUnion('type', [
      z.object({ type: z.literal('a'), n: z.int() }),
      z.object({ type: z.literal('b') }),
    ])
    expect(refusing(Union, { type: 'b', n: 1 })).toEqual([['n']])
    expect(refusing(Union, { type: 'a', n: 1 })).toEqual([])
  })

  it('leaves alone what says itself what happens to them, and what refers to itself', () => {
    const Loose = z.looseObject({ a: z.string() })
    expect(refuseUnknownKeys(Loose)).toBe(Loose)
    const Strict = z.strictObject({ a: Loose, b: z.object({}).catchall(z.int()) })
    expect(refuseUnknownKeys(Strict)).toBe(Strict)
    const Node = z.object({
      value: z.int(),
      get next() {
        return Node.optional()
      },
    })
    expect(refusing(Node, { value: 1, next: { value: 2 }, x: 1 })).toEqual([['x']])
  })

  it('keeps descriptions: agents read them', () => {
    const Described = z
      .object({ a: z.object({ b: z.string().describe('B.') }).describe('A.') })
      .describe('All.')
    expect(toJsonSchema(refuseUnknownKeys(Described), 'input', 'action')).toMatchObject({
      description: 'All.',
      properties: {
        a: { description: 'A.', properties: { b: { description: 'B.' } }, additionalProperties: false },
      },
      additionalProperties: false,
    })
  })
})

describe('refuseTransforms [OE-3]', () => {
  it.each([
    ['a transform', z.string().transform(Number), 'transforms a value'],
    ['a preprocess', z.preprocess(Number, z.number()), 'transforms a value'],
    ['a coercion', z.coerce.number(), 'makes a value of the type'],
    ['a pipe', z.string().pipe(z.string()), 'transforms a value'],
    ['a catch', z.string().catch('x'), 'hides a fault'],
    ['a text boolean', z.stringbool(), 'transforms a value'],
  ])('refuses %s, wherever it is', (_name, schema, why) => {
    expect(() => {
      refuseTransforms(
        z.strictObject({ list: z.array(z.strictObject({ deep: schema.optional() })) }),
        'action',
      )
    }).toThrow(why)
    expect(() => {
      refuseTransforms(z.union([z.strictObject({ a: schema }), z.strictObject({})]), 'action')
    }).toThrow('The action schema')
    expect(() => {
      refuseTransforms(z.strictObject({ a: z.lazy(() => schema) }), 'action')
    }).toThrow('at a')
  })

  it('accepts defaults, refinements, checks and schemas that refer to themselves', () => {
    const Tree = z.strictObject({
      name: z.string().trim().min(1).default('x'),
      n: z.int().refine((n) => n > 0),
      get children() {
        return z.array(Tree)
      },
    })
    expect(() => {
      refuseTransforms(Tree, 'action')
    }).not.toThrow()
  })
})
