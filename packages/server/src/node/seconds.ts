/** The longest that a timer can wait. */
const LONGEST_SECONDS = (2 ** 31 - 1) / 1000

/**
 * Reads an option of seconds, bounded by the longest timer of Node.
 *
 * @throws RangeError when it is not above 0.
 */
export function seconds(name: string, given: number | undefined, otherwise: number): number {
  if (given === undefined) return otherwise
  if (given > 0) return Math.min(given, LONGEST_SECONDS)
  throw new RangeError(`${name} is a number of seconds above 0, not ${String(given)}.`)
}
