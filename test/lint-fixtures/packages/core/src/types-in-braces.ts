/**
 * Doubles.
 *
 * @param {number} value - What to double.
 */
export function double(value: number): number {
  return value * 2
}
