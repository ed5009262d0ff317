import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'

/**
 * A seeded stream of random numbers. Equal seeds and equal calls give equal values, on every machine.
 *
 * `split` gives an independent stream by name; it reads nothing from this one, so adding a draw here
 * changes nothing there.
 */
export interface Random {
  /** The next integer in [min, max], both included. Throws a RangeError where there is none. */
  integer(min: number, max: number): number
  /** The next number in [0, 1), with 32 random bits. */
  fraction(): number
  /** True with the given probability, 0 to 1; a half when not given. */
  chance(probability?: number): boolean
  /** One element, each equally likely. Throws a RangeError on an empty list. */
  pick<T>(items: readonly T[]): T
  /** A new list with the same elements in random order. */
  shuffle<T>(items: readonly T[]): T[]
  /** An independent stream for a named purpose. */
  split(...labels: readonly (string | number)[]): Random
}

/** Hashes a path of labels to the four words that start a generator (MurmurHash3's mixing, four lanes). */
function wordsFor(path: string): [number, number, number, number] {
  const words: [number, number, number, number] = [0x9e3779b9, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f]
  for (let lane = 0; lane < 4; lane += 1) {
    let hash = words[lane] ?? 0
    for (let at = 0; at < path.length; at += 1) {
      hash = Math.imul(hash ^ path.charCodeAt(at), 0x5bd1e995 + lane * 2)
      hash ^= hash >>> 15
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    words[lane] = (hash ^ (hash >>> 16)) | 0
  }
  // All zero is the one state that the generator cannot leave.
  return words.every((word) => word === 0) ? [1, 0, 0, 0] : words
}

/**
 * A random stream for a seed.
 *
 * @param seed - An integer from 0 to 2^53 − 1.
 * @param path - Labels that name the stream, as `split` takes them.
 */
export function seededRandom(seed: number, ...path: readonly (string | number)[]): Random {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`A seed is an integer from 0 to 2^53 - 1, not ${String(seed)}.`)
  }
  return streamAt([String(seed), ...path.map(labelText)].join('/'))
}

function labelText(label: string | number): string {
  return typeof label === 'number' ? `#${String(label)}` : JSON.stringify(label)
}

function streamAt(path: string): Random {
  const generator = xoroshiro128plusFromState(wordsFor(path))
  const integer = (min: number, max: number): number => {
    if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || min > max) {
      throw new RangeError(`There is no integer to draw between ${String(min)} and ${String(max)}.`)
    }
    return uniformInt(generator, min, max)
  }
  const fraction = (): number => (generator.next() >>> 0) / 0x1_0000_0000
  return {
    integer,
    fraction,
    chance: (probability = 0.5) => fraction() < probability,
    pick: (items) => {
      if (items.length === 0) throw new RangeError('Nothing to pick from: the list is empty.')
      return items[integer(0, items.length - 1)] as (typeof items)[number]
    },
    shuffle: (items) => {
      const mixed = [...items]
      for (let last = mixed.length - 1; last > 0; last -= 1) {
        const other = integer(0, last)
        const kept = mixed[last] as (typeof items)[number]
        mixed[last] = mixed[other] as (typeof items)[number]
        mixed[other] = kept
      }
      return mixed
    },
    split: (...labels) => streamAt([path, ...labels.map(labelText)].join('/')),
  }
}
