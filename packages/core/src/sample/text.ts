import type { JsonSchema } from '../json.ts'
import type { Random } from '../random.ts'
import { textLike } from './pattern.ts'
import { asNumber, impossible, TRIES, type Path } from './problem.ts'

const WORDS = [
  'alpha',
  'bravo',
  'Charlie',
  'delta 4',
  'écho',
  'fox-trot',
  'Ω',
  '日本',
  'a b',
  '0',
  'x_y',
  '"q"',
]

/** Texts of formats that have no pattern, or one that is easy to miss by chance. */
const FORMATS: Readonly<Record<string, (random: Random) => string>> = {
  email: (random) => `${textLike('^[a-z]{1,8}$', random, 8)}@example.com`,
  uri: (random) => `https://example.com/${textLike('^[a-z0-9]{0,8}$', random, 8)}`,
  uuid: (random) =>
    textLike('^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$', random, 0),
  'date-time': (random) => `${dateLike(random)}T${timeLike(random)}Z`,
  date: dateLike,
  time: (random) => `${timeLike(random)}Z`,
  duration: (random) => `PT${String(random.integer(0, 59))}M`,
  ipv4: (random) => [0, 0, 0, 0].map(() => random.integer(0, 255)).join('.'),
  ipv6: (random) => Array.from({ length: 8 }, () => random.integer(0, 0xffff).toString(16)).join(':'),
  hostname: (random) => `${textLike('^[a-z]{1,8}$', random, 8)}.example.com`,
  // {"alg":"HS256"} and {}, with a signature of nothing.
  jwt: () => 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl',
}

function dateLike(random: Random): string {
  return textLike('^20[0-3][0-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$', random, 0)
}

function timeLike(random: Random): string {
  return textLike('^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$', random, 0)
}

/** A text that a schema accepts. */
export function textIn(schema: JsonSchema, random: Random, path: Path): string {
  const min = asNumber(schema['minLength']) ?? 0
  const max = asNumber(schema['maxLength']) ?? Infinity
  const patterns = (Array.isArray(schema['pattern']) ? schema['pattern'] : [schema['pattern']]).filter(
    (pattern): pattern is string => typeof pattern === 'string',
  )
  const checks = patterns.map(compiled)
  const format = FORMATS[String(schema['format'])]
  for (let tries = 0; tries < TRIES * 5; tries += 1) {
    const source = tries === 0 ? random : random.split('text', tries)
    const text = attempt(source, { patterns, format: tries < TRIES ? format : undefined, min, max, tries })
    if (text.length >= min && text.length <= max && checks.every((check) => check.test(text))) return text
  }
  throw impossible(path, `no text was found for ${patterns.join(' and ') || 'its length'}`)
}

function attempt(
  random: Random,
  want: {
    readonly patterns: readonly string[]
    readonly format: ((random: Random) => string) | undefined
    readonly min: number
    readonly max: number
    readonly tries: number
  },
): string {
  const { patterns, format, min, max, tries } = want
  if (format !== undefined) return format(random)
  if (patterns.length > 0) {
    const most = random.integer(0, 4 + Math.max(tries, Math.min(min, 1000)))
    // Of several patterns one often is a prefix and another a suffix: one after the other meets both.
    const chosen = tries % 2 === 0 ? patterns : [random.pick(patterns)]
    return chosen.map((pattern) => textLike(pattern, random, most)).join('')
  }
  const length = random.integer(min, Math.min(max, min + 24))
  let text = ''
  while (text.length < length) text += `${text === '' ? '' : ' '}${random.pick(WORDS)}`
  return text.slice(0, length)
}

/** Patterns are ECMAScript with the u flag; some in the wild are only legal without it. */
function compiled(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u')
  } catch {
    return new RegExp(pattern)
  }
}
