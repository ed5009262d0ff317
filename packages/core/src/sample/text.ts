import type { JsonSchema } from '../json.ts'
import type { Random } from '../random.ts'
import { printable } from '../printable.ts'
import { TooCostly, type Budget } from './budget.ts'
import { matcherOf } from './match.ts'
import { readPattern, textLike, type Part } from './pattern.ts'
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

type Write = (random: Random, budget: Budget) => string

/** Texts of formats that have no pattern, or one that is easy to miss by chance. */
const FORMATS: Readonly<Record<string, Write>> = {
  email: (random, budget) => `${like('^[a-z]{1,8}$', random, budget)}@example.com`,
  uri: (random, budget) => `https://example.com/${like('^[a-z0-9]{0,8}$', random, budget)}`,
  uuid: (random, budget) =>
    like('^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$', random, budget),
  'date-time': (random, budget) => `${dateLike(random, budget)}T${timeLike(random, budget)}Z`,
  date: dateLike,
  time: (random, budget) => `${timeLike(random, budget)}Z`,
  duration: (random) => `PT${String(random.integer(0, 59))}M`,
  ipv4: (random) => [0, 0, 0, 0].map(() => random.integer(0, 255)).join('.'),
  ipv6: (random) => Array.from({ length: 8 }, () => random.integer(0, 0xffff).toString(16)).join(':'),
  hostname: (random, budget) => `${like('^[a-z]{1,8}$', random, budget)}.example.com`,
  // {"alg":"HS256"} and {}, with a signature of nothing.
  jwt: () => 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl',
}

function like(pattern: string, random: Random, budget: Budget): string {
  return textLike(readPattern(pattern), random, 8, budget)
}

function dateLike(random: Random, budget: Budget): string {
  return like('^20[0-3][0-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$', random, budget)
}

function timeLike(random: Random, budget: Budget): string {
  return like('^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$', random, budget)
}

/** Characters of one text, at most. */
const MAX_CHARACTERS = 100_000

/** A text that a schema accepts. */
export function textIn(schema: JsonSchema, random: Random, path: Path, budget: Budget): string {
  const min = asNumber(schema['minLength']) ?? 0
  const max = asNumber(schema['maxLength']) ?? Infinity
  if (min > MAX_CHARACTERS) {
    throw new TooCostly(path, `its texts have ${String(min)} characters or more, and 100000 are the most`)
  }
  const sources = (Array.isArray(schema['pattern']) ? schema['pattern'] : [schema['pattern']]).filter(
    (pattern): pattern is string => typeof pattern === 'string',
  )
  const patterns = sources.map((source) => ({ part: readPattern(source), flags: flagsOf(source, path) }))
  const checks = patterns.map(({ part, flags }) => matcherOf(part, flags, budget))
  const name = String(schema['format'])
  const format = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined
  const parts = patterns.map(({ part }) => part)
  for (let tries = 0; tries < TRIES * 5; tries += 1) {
    const source = tries === 0 ? random : random.split('text', tries)
    const want = { parts, format: tries < TRIES ? format : undefined, min, max, tries }
    const text = attempt(source, want, budget)
    budget.spend(text.length)
    if (text.length >= min && text.length <= max && checks.every((check) => check(text))) return text
  }
  throw impossible(path, `no text was found for ${printable(sources.join(' and '), 200) || 'its length'}`)
}

function attempt(
  random: Random,
  want: {
    readonly parts: readonly Part[]
    readonly format: Write | undefined
    readonly min: number
    readonly max: number
    readonly tries: number
  },
  budget: Budget,
): string {
  const { parts, format, min, max, tries } = want
  if (format !== undefined) return format(random, budget)
  if (parts.length > 0) {
    const most = random.integer(0, 4 + Math.max(tries, Math.min(min, 1000)))
    // Of several patterns one often is a prefix and another a suffix: one after the other meets both.
    const chosen = tries % 2 === 0 ? parts : [random.pick(parts)]
    return chosen.map((part) => textLike(part, random, most, budget)).join('')
  }
  const length = random.integer(min, Math.min(max, min + 24))
  let text = ''
  while (text.length < length) text += `${text === '' ? '' : ' '}${random.pick(WORDS)}`
  return text.slice(0, length)
}

/** Patterns are ECMAScript with the u flag; some in the wild are only legal without it. Only read, never run. */
function flagsOf(pattern: string, path: Path): string {
  for (const flags of ['u', '']) {
    try {
      new RegExp(pattern, flags)
      return flags
    } catch {
      // The other one is tried.
    }
  }
  throw impossible(path, `its pattern is not a regular expression: ${printable(pattern, 200)}`)
}
