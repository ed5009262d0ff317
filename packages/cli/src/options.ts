import { InvalidArgumentError } from 'commander'

/** Reads a whole number within bounds, for commander. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const range =
    max === Number.MAX_SAFE_INTEGER ? `of at least ${String(min)}` : `from ${String(min)} to ${String(max)}`
  return (text) => {
    const value = Number(text)
    if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(`Give a whole number ${range}.`)
    }
    return value
  }
}

/** Reads a finite number, for commander. */
export function number(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Give a number.')
  return value
}

/** Reads a number above 0, for commander. */
export function positive(text: string): number {
  const value = number(text)
  if (value <= 0) throw new InvalidArgumentError('Give a number above 0.')
  return value
}

/** Reads a number of at least 0, for commander. */
export function notNegative(text: string): number {
  const value = number(text)
  if (value < 0) throw new InvalidArgumentError('Give a number of at least 0.')
  return value
}

/** Reads a value as JSON, for commander. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new InvalidArgumentError(`Give JSON, for example '{"message": "hello"}'.`)
  }
}

/** Gathers an option that may be repeated, for commander. */
export function repeated(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}
