import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { seededRandom } from './random.ts'
import { firstValue, sampleValue } from './sample.ts'
import { toJsonSchema } from './schema.ts'

const Tree = z.strictObject({
  label: z.string(),
  get children() {
    return z.array(Tree)
  },
})
const List = z.strictObject({
  head: z.int(),
  get tail() {
    return List.nullable()
  },
})

/** Everything that a JSON Schema made by zod can look like, by the name of what is special about it. */
const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  'a plain object': z.strictObject({ message: z.string() }),
  'numbers in bounds': z.strictObject({ number: z.int().min(1).max(100), share: z.number().min(0).max(1) }),
  'open bounds': z.strictObject({
    a: z.number().gt(0).lt(1),
    b: z.int().gt(3).lt(5),
    c: z.number().gt(1e300),
  }),
  'bounds on one side': z.strictObject({
    a: z.int().min(2_000_000),
    b: z.int().max(-7),
    c: z.number().max(-0.5),
  }),
  'every integer': z.strictObject({ number: z.int() }),
  'machine numbers': z.strictObject({ a: z.int32(), b: z.uint32(), c: z.float32(), d: z.float64() }),
  multiples: z.strictObject({
    a: z.int().multipleOf(7),
    b: z.number().multipleOf(0.01).min(0).max(1),
    c: z.int().multipleOf(5).gt(5).lt(15),
    d: z.number().multipleOf(0.1),
    e: z.int().multipleOf(2.5),
  }),
  'lengths of text': z.strictObject({ a: z.string().min(40), b: z.string().max(2), c: z.string().length(3) }),
  'patterns of text': z.strictObject({
    a: z.string().regex(/^[A-Z]{2}-\d{3,}(?:-x|-y)?$/),
    b: z.string().includes('needle'),
    c: z.string().startsWith('ab').endsWith('yz').min(12),
    d: z
      .string()
      .regex(/^[^\s@]+$/)
      .regex(/b/),
    e: z.string().regex(/^\u0041\x42[\]\-a]+\.$/),
    f: z.string().regex(/^(?<year>\d{4})(?!9)\d$/),
    g: z.string().lowercase(),
    h: z.string().uppercase().min(3),
    i: z.string().regex(/^\p{Lu}\p{L}*$/u),
  }),
  formats: z.strictObject({
    email: z.email(),
    uuid: z.uuid(),
    guid: z.guid(),
    url: z.url(),
    datetime: z.iso.datetime(),
    date: z.iso.date(),
    time: z.iso.time(),
    duration: z.iso.duration(),
    ipv4: z.ipv4(),
    ipv6: z.ipv6(),
    cidr: z.cidrv4(),
    base64: z.base64(),
    base64url: z.base64url(),
    jwt: z.jwt(),
    nanoid: z.nanoid(),
    cuid2: z.cuid2(),
    ulid: z.ulid(),
    e164: z.e164(),
    emoji: z.emoji(),
    hostname: z.hostname(),
    mac: z.mac(),
    hex: z.hex(),
    hash: z.hash('sha256'),
  }),
  choices: z.strictObject({
    a: z.enum(['x', 'y']),
    b: z.literal(['p', 7, null, true]),
    c: z.literal('only'),
    d: z.templateLiteral(['row-', z.int(), '-', z.enum(['l', 'r'])]),
  }),
  lists: z.strictObject({
    a: z.array(z.int()).min(2).max(3),
    b: z.array(z.string()).nonempty(),
    c: z.array(z.boolean()).max(0),
    d: z.tuple([z.string(), z.int()]),
    e: z.tuple([z.string()], z.boolean()),
  }),
  'optional and nullable': z.strictObject({
    a: z.string().optional(),
    b: z.int().nullable(),
    c: z.boolean().nullish(),
    d: z.string().default('x'),
    e: z.strictObject({ deep: z.string().optional() }),
  }),
  maps: z.strictObject({
    a: z.record(z.string(), z.number()),
    b: z.record(z.enum(['x', 'y']), z.int()),
    c: z.partialRecord(z.enum(['x', 'y']), z.int()),
    d: z.record(z.string().regex(/^k\d+$/), z.string()),
    e: z.looseObject({ a: z.string() }),
    f: z.object({ a: z.string() }).catchall(z.int()),
  }),
  unions: z.union([z.strictObject({ a: z.string() }), z.strictObject({ b: z.int() })]),
  'a discriminated union': z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('search'), query: z.string().min(1) }),
    z.strictObject({ type: z.literal('open'), link: z.int().min(0) }),
    z.strictObject({ type: z.literal('stop') }),
  ]),
  intersections: z.intersection(
    z.object({ a: z.string(), both: z.int().min(1) }),
    z.object({ b: z.int(), both: z.int().max(3) }),
  ),
  'a branch that has no value': z.strictObject({ a: z.union([z.never(), z.int()]) }),
  'recursive lists': Tree,
  'recursive chains': List,
  'any JSON': z.strictObject({ value: z.json(), other: z.unknown() }),
  'shared definitions': (() => {
    const Point = z.strictObject({ x: z.int(), y: z.int() }).meta({ id: 'sample-test-point' })
    return z.strictObject({ from: Point, to: Point })
  })(),
}

describe('sampleValue', () => {
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    it(`gives values that the schema they came from accepts: ${name}`, () => {
      const json = toJsonSchema(schema, 'input', 'action')
      fc.assert(
        fc.property(fc.maxSafeNat(), (seed) => {
          const value = sampleValue(json, seededRandom(seed))
          const parsed = schema.safeParse(value)
          expect(parsed.error?.issues, JSON.stringify(value)).toBeUndefined()
        }),
        { numRuns: 100 },
      )
    })
  }

  it('gives the same value for the same stream, and different ones for different streams', () => {
    const json = toJsonSchema(z.strictObject({ text: z.string(), number: z.int() }), 'input', 'action')
    expect(sampleValue(json, seededRandom(3))).toEqual(sampleValue(json, seededRandom(3)))
    const texts = new Set(
      Array.from({ length: 50 }, (_, seed) => JSON.stringify(sampleValue(json, seededRandom(seed)))),
    )
    expect(texts.size).toBeGreaterThan(40)
  })

  it('reaches every choice and both ends of a short range', () => {
    const schema = z.strictObject({
      n: z.int().min(1).max(4),
      e: z.enum(['a', 'b', 'c']),
      o: z.boolean().optional(),
    })
    const json = toJsonSchema(schema, 'input', 'action')
    const values = Array.from({ length: 200 }, (_, seed) =>
      schema.parse(sampleValue(json, seededRandom(seed))),
    )
    expect(new Set(values.map(({ n }) => n))).toEqual(new Set([1, 2, 3, 4]))
    expect(new Set(values.map(({ e }) => e))).toEqual(new Set(['a', 'b', 'c']))
    expect(new Set(values.map(({ o }) => o))).toEqual(new Set([true, false, undefined]))
  })

  it('reads schemas of other makers: definitions, nullable by anyOf, formats without a pattern', () => {
    const schema = {
      $defs: {
        Mail: { type: 'object', properties: { to: { type: 'string', format: 'email' } }, required: ['to'] },
      },
      type: 'object',
      properties: {
        mail: { $ref: '#/$defs/Mail' },
        note: { anyOf: [{ type: 'string', maxLength: 4 }, { type: 'null' }], default: null },
        kinds: { type: 'array', items: { enum: [1, 2, 3] }, uniqueItems: true, minItems: 3 },
        extra: { minimum: 3, exclusiveMaximum: 4 },
      },
      required: ['mail', 'note', 'kinds', 'extra'],
    }
    const Same = z.object({
      mail: z.object({ to: z.email() }),
      note: z.string().max(4).nullable(),
      kinds: z.array(z.int()).refine((kinds) => new Set(kinds).size === 3),
      extra: z.number().min(3).lt(4),
    })
    for (let seed = 0; seed < 50; seed += 1) {
      expect(Same.safeParse(sampleValue(schema, seededRandom(seed))).error).toBeUndefined()
    }
  })

  it('says where a schema has no value', () => {
    const random = seededRandom(1)
    const inside = (schema: unknown): object => ({
      type: 'object',
      properties: { a: schema },
      required: ['a'],
    })
    const failing =
      (schema: unknown): (() => unknown) =>
      () =>
        sampleValue(inside(schema) as never, random)
    expect(failing(false)).toThrow('at a: it allows no value')
    expect(failing({ enum: [] })).toThrow('at a: its enum is empty')
    expect(failing({ type: 'integer', minimum: 2, maximum: 1 })).toThrow(
      'at a: no number is within its bounds',
    )
    expect(failing({ $ref: '#/$defs/None' })).toThrow('it refers to #/$defs/None, which is not there')
    expect(failing({ $ref: 'https://example.com/x' })).toThrow('which is not in the schema')
    expect(failing({ $ref: '#/properties/a' })).toThrow('its references go round in a circle')
    expect(failing({ type: 'string', pattern: '^(a)\\1$' })).toThrow('a back-reference')
    expect(failing({ type: 'string', pattern: '^a$', minLength: 3 })).toThrow('no text was found for ^a$')
    expect(failing({ type: 'odd' })).toThrow('its type is "odd"')
    expect(failing({ type: 'array', items: { const: 1 }, uniqueItems: true, minItems: 2 })).toThrow(
      '2 different items',
    )
    const endless = { type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] }
    expect(() => sampleValue(endless, random)).toThrow('it nests without end')
  })
})

const deep = (levels: number, inside: unknown, wrap: (schema: unknown) => unknown): unknown => {
  let schema = inside
  for (let level = 0; level < levels; level += 1) schema = wrap(schema)
  return schema
}
/** Each level has two ways to the next one. */
const fan = (levels: number, keyword: string): Record<string, unknown> =>
  Object.fromEntries(
    Array.from({ length: levels }, (_, level) => [
      `l${String(level)}`,
      level === levels - 1
        ? { type: 'integer', minimum: 2, maximum: 1 }
        : {
            [keyword]: [{ $ref: `#/$defs/l${String(level + 1)}` }, { $ref: `#/$defs/l${String(level + 1)}` }],
          },
    ]),
  )

/** What a hostile server may publish as the schema of its actions. */
const HOSTILE: Readonly<Record<string, unknown>> = {
  'a pattern that goes back for ever': { type: 'string', pattern: '^(?:(?:a+)+)+[b]$(?=c)' },
  'the same with a length': { type: 'string', pattern: '(x+x+)+y', minLength: 5000 },
  'a choice of equals': { type: 'string', pattern: '^(a|a|a|a)*(?=b)c$' },
  'repeats of repeats': { type: 'string', pattern: '((a{999}){999}){999}' },
  'repeats of nothing': { type: 'string', pattern: '^((){99999}){99999}$' },
  'optional repeats of repeats': { type: 'string', pattern: '^(((a?){999})?{999}){0,999}b$' },
  'a long pattern': { type: 'string', pattern: 'a'.repeat(100_000) },
  'many groups inside each other': { type: 'string', pattern: '('.repeat(2000) + ')'.repeat(2000) },
  'many patterns': { allOf: Array.from({ length: 5000 }, (_, at) => ({ pattern: `${String(at)}a*b*c*` })) },
  'what is no pattern': { type: 'string', pattern: '[' },
  'a long text': { type: 'string', minLength: 2e9 },
  'a long text with a pattern': { type: 'string', minLength: 99_999, pattern: '^a*b$' },
  'a long list': { type: 'array', items: {}, minItems: 1e8 },
  'a list of long lists': {
    ...{ type: 'array', minItems: 9999 },
    items: { type: 'array', minItems: 9999, items: { type: 'array', minItems: 9999, items: true } },
  },
  'a list of different items that are all equal': {
    type: 'array',
    minItems: 9000,
    uniqueItems: true,
    items: { enum: [1, 2] },
  },
  'a long tuple': { type: 'array', prefixItems: Array(200_000).fill({ type: 'string' }) },
  'many properties': { type: 'object', minProperties: 1e9 },
  'many required properties': {
    type: 'object',
    required: Array.from({ length: 1_000_000 }, (_, at) => `k${String(at)}`),
  },
  'a fan of branches': { $defs: fan(30, 'anyOf'), $ref: '#/$defs/l0' },
  'a fan of parts': { $defs: fan(30, 'allOf'), $ref: '#/$defs/l0' },
  'a fan of lists': {
    $defs: {
      l: { type: 'array', minItems: 9, items: { anyOf: [{ $ref: '#/$defs/l' }, { $ref: '#/$defs/l' }] } },
    },
    $ref: '#/$defs/l',
  },
  'parts of themselves': { $defs: { a: { allOf: [{ $ref: '#/$defs/a' }] } }, $ref: '#/$defs/a' },
  'parts inside parts': deep(20_000, { type: 'string' }, (schema) => ({ allOf: [schema] })),
  'branches inside branches': deep(20_000, { type: 'string' }, (schema) => ({ anyOf: [schema] })),
  'lists inside lists': deep(20_000, true, (schema) => ({ type: 'array', minItems: 1, items: schema })),
  'two long lists of choices': {
    allOf: [1, 2].map((start) => ({ enum: Array.from({ length: 200_000 }, (_, at) => start + 2 * at) })),
  },
  'a broken reference': { $ref: '#/%E0%A4%A/__proto__' },
  'a reference to what every object has': { $ref: '#/constructor/prototype' },
  'a format that every object has': { type: 'string', format: 'constructor', minLength: 1e9 },
}

/** Those that have a value, which may be found. */
const POSSIBLE = new Set(['the same with a length', 'a long text with a pattern'])

describe('the schema of a stranger', () => {
  for (const [name, schema] of Object.entries(HOSTILE)) {
    it(`is refused soon, with its place, where it asks for too much: ${name}`, () => {
      const inside = { type: 'object', properties: { a: schema }, required: ['a'], ...definitionsOf(schema) }
      for (const make of [() => sampleValue(inside, seededRandom(1)), () => firstValue(inside)]) {
        let thrown: unknown
        try {
          make()
        } catch (error) {
          thrown = error
        }
        if (thrown === undefined && POSSIBLE.has(name)) continue
        expect(thrown).toBeInstanceOf(RangeError)
        expect((thrown as Error).message).toMatch(/at a|pattern/)
        expect((thrown as Error).message.length).toBeLessThan(600)
      }
    })
  }

  it('leaves to texts, lists and patterns what people use', () => {
    const large = z.strictObject({
      text: z.string().min(90_000),
      list: z.array(z.int()).min(9_000),
      words: z.string().regex(/^(?:[a-z]{2,12} ){20,40}[a-z]+\.$/),
    })
    const json = toJsonSchema(large, 'input', 'action')
    for (let seed = 0; seed < 5; seed += 1) {
      expect(large.safeParse(sampleValue(json, seededRandom(seed))).success).toBe(true)
    }
  })
})

/** References lead from the root of the whole schema. */
function definitionsOf(schema: unknown): object {
  return typeof schema === 'object' && schema !== null && '$defs' in schema ? { $defs: schema.$defs } : {}
}

describe('firstValue', () => {
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    it(`gives a value that the schema accepts, always the same [OE-17]: ${name}`, () => {
      const json = toJsonSchema(schema, 'input', 'action')
      const value = firstValue(json)
      expect(schema.safeParse(value).error?.issues, JSON.stringify(value)).toBeUndefined()
      expect(firstValue(json)).toEqual(value)
    })
  }

  it('takes first choices, low bounds, short texts, defaults and required properties only [OE-17]', () => {
    const Triage = z.strictObject({
      label: z.enum(['urgent', 'normal']),
      summary: z.string(),
      number: z.int().min(1).max(100),
      any: z.int(),
      list: z.array(z.string()),
      note: z.string().optional(),
      flag: z.boolean(),
    })
    expect(firstValue(toJsonSchema(Triage, 'input', 'action'))).toEqual({
      label: 'urgent',
      summary: '',
      number: 1,
      any: 0,
      list: [],
      flag: false,
    })
    expect(firstValue({ type: 'integer', default: 5 })).toBe(5)
    expect(firstValue({ oneOf: [{ const: 'x' }, { const: 'y' }] })).toBe('x')
  })
})
