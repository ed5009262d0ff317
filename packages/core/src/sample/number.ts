import type { JsonSchema } from '../json.ts'
import type { Random } from '../random.ts'
import { asNumber, impossible, TRIES, type Path } from './problem.ts'

/** The bounds of a number; undefined where there is none. */
function boundsOf(schema: JsonSchema): { low?: number; high?: number; open: (value: number) => boolean } {
  const above = asNumber(schema['exclusiveMinimum'])
  const below = asNumber(schema['exclusiveMaximum'])
  const low = Math.max(asNumber(schema['minimum']) ?? -Infinity, above ?? -Infinity)
  const high = Math.min(asNumber(schema['maximum']) ?? Infinity, below ?? Infinity)
  return {
    ...(low === -Infinity ? {} : { low }),
    ...(high === Infinity ? {} : { high }),
    open: (value) => (above === undefined || value > above) && (below === undefined || value < below),
  }
}

/** A whole number of steps between two bounds: near the low one, small, or anywhere. */
function wholeBetween(low: number, high: number, random: Random): number {
  const anchor = low > -1e6 ? low : Math.min(Math.max(0, low), high)
  if (high - low <= 1000) return random.integer(low, high)
  const [from, to] = random.pick([
    [anchor, anchor + 10],
    [anchor - 100, anchor + 100],
    [low, high],
  ] as const)
  return random.integer(Math.max(low, from), Math.min(high, to))
}

/** A whole number that a schema accepts. */
export function integerIn(schema: JsonSchema, random: Random, path: Path): number {
  const step = asNumber(schema['multipleOf']) ?? 1
  const { low = Number.MIN_SAFE_INTEGER, high = Number.MAX_SAFE_INTEGER, open } = boundsOf(schema)
  let from = Math.ceil(Math.max(low, Number.MIN_SAFE_INTEGER) / step)
  let to = Math.floor(Math.min(high, Number.MAX_SAFE_INTEGER) / step)
  if (!open(from * step)) from += 1
  if (!open(to * step)) to -= 1
  if (from > to) throw impossible(path, 'no number is within its bounds')
  for (let tries = 0; tries < TRIES; tries += 1) {
    const value = wholeBetween(from, to, tries === 0 ? random : random.split('whole', tries)) * step
    // A step that is no whole number has whole multiples too.
    if (Number.isSafeInteger(value)) return value === 0 ? 0 : value
  }
  throw impossible(path, 'no whole number is a multiple of its step')
}

/** A number that a schema accepts. */
export function numberIn(schema: JsonSchema, random: Random, path: Path): number {
  const step = asNumber(schema['multipleOf'])
  if (step !== undefined) return multipleIn(schema, step, random, path)
  const { low, high, open } = boundsOf(schema)
  const from = low ?? Math.max(-Number.MAX_VALUE, Math.min(-1000, 2 * (high ?? 0)))
  const to = high ?? Math.min(Number.MAX_VALUE, Math.max(1000, 2 * from))
  if (from > to) throw impossible(path, 'no number is within its bounds')
  for (let tries = 0; tries < TRIES; tries += 1) {
    const share = tries === 0 ? random.fraction() : random.split('number', tries).fraction()
    // In this form nothing overflows between -1.8e308 and 1.8e308.
    const value = from * (1 - share) + to * share
    if (value >= from && value <= to && open(value)) return value === 0 ? 0 : value
  }
  throw impossible(path, 'no number is within its bounds')
}

/** How many digits after the point a number is written with. */
function decimalsOf(value: number): number {
  const [digits = '', exponent = '0'] = String(value).split('e')
  return Math.min(100, Math.max(0, (digits.split('.')[1] ?? '').length - Number(exponent)))
}

function multipleIn(schema: JsonSchema, step: number, random: Random, path: Path): number {
  const decimals = decimalsOf(step)
  const { low = Math.max(-1000 * step, Number.MIN_SAFE_INTEGER), high, open } = boundsOf(schema)
  let from = Math.ceil(low / step)
  let to = high === undefined ? Math.max(from, 0) + 1000 : Math.floor(high / step)
  // Products of decimal fractions are a little off: 3 * 0.1 is not 0.3.
  const exact = (count: number): number => Number((count * step).toFixed(decimals))
  if (!open(exact(from))) from += 1
  if (!open(exact(to))) to -= 1
  if (from > to) throw impossible(path, 'no number is within its bounds')
  const value = exact(wholeBetween(from, to, random))
  return value === 0 ? 0 : value
}
