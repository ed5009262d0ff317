/** The mean of numbers; null of none. */
export function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/**
 * A 95 % confidence interval for the mean, by Student's t: m ± t(0.975, n − 1) · s / √n, s with n − 1.
 *
 * It is not cut to a range of scores. Null for fewer than two values.
 */
export function interval95(values: readonly number[]): readonly [number, number] | null {
  const middle = mean(values)
  if (middle === null || values.length < 2) return null
  const degrees = values.length - 1
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / degrees
  const half = (studentQuantile95(degrees) * Math.sqrt(variance)) / Math.sqrt(values.length)
  return [middle - half, middle + half]
}

/**
 * pass@k without bias: 1 − C(n − c, k) / C(n, k), the chance that k of n tries, drawn without putting back, hold at
 * least one of the c successes.
 *
 * @returns Null when there are fewer than k tries.
 */
export function passAtK(tries: number, successes: number, k: number): number | null {
  if (k > tries) return null
  // The share itself: 0.1, and not what is left of 1 − 0.9.
  if (k === 1) return successes / tries
  // As a product, because the binomials themselves leave the range of numbers.
  let allFail = 1
  for (let drawn = 0; drawn < k; drawn += 1) {
    allFail *= Math.max(0, tries - successes - drawn) / (tries - drawn)
  }
  return 1 - allFail
}

/** t with P(−t < T < t) = 0.95 for Student's distribution. Exact to about 1e-10. */
export function studentQuantile95(degrees: number): number {
  // 12.706… for one degree is the largest; 1.959… for infinitely many the smallest.
  let [low, high] = [1.9, 12.8]
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2
    if (centralProbability(middle, degrees) < 0.95) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/**
 * P(−t < T < t), by the finite series for whole degrees of freedom.
 *
 * @see Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
 */
function centralProbability(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees))
  const cosine = Math.cos(angle)
  const odd = degrees % 2 === 1
  let term = odd ? cosine : 1
  let sum = degrees === 1 ? 0 : term
  for (let at = odd ? 3 : 2; at <= degrees - 2; at += 2) {
    term *= ((at - 1) / at) * cosine * cosine
    sum += term
  }
  const series = sum * Math.sin(angle)
  return odd ? (2 / Math.PI) * (angle + series) : series
}
