/** Where in a value the sampler is; `|` stands for a branch of a union. */
export type Path = readonly (string | number)[]

/** How often the sampler tries where chance may miss. */
export const TRIES = 60

/** What to throw when a schema has no value, or none that was found. */
export function impossible(path: Path, why: string): RangeError {
  return new RangeError(`No value found for the schema${placeOf(path)}: ${why}.`)
}

/** ` at a.b`, or nothing for the whole value. */
export function placeOf(path: Path): string {
  const place = path.filter((step) => step !== '|').join('.')
  return place === '' ? '' : ` at ${place}`
}

/** A numeric keyword's value. */
export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
