import type { AnyEnvironment } from '../environment.ts'
import { seededRandom, type Random } from '../random.ts'
import { sampleValue } from '../sample.ts'
import { toJsonSchema } from '../schema.ts'

const TRIES = 20

/**
 * A random action that the schema accepts, as an agent would make it that has read the JSON Schema.
 *
 * A schema may ask for more than JSON Schema can say; then the last try is given, accepted or not.
 */
export function sampleAction({ action }: AnyEnvironment, random: Random): unknown {
  const json = toJsonSchema(action, 'input', 'action')
  let value: unknown
  for (let tries = 0; tries < TRIES; tries += 1) {
    value = sampleValue(json, random.split('action', tries))
    if (action.safeParse(value).success) break
  }
  return value
}

/** Some actions, the same ones for the same seed. */
export function sampleActions(environment: AnyEnvironment, seed: number, count: number): readonly unknown[] {
  const random = seededRandom(seed, 'actions')
  return Array.from({ length: count }, (_, index) => sampleAction(environment, random.split(index)))
}
