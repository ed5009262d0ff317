import type { AnyEnvironment } from '@openenv-ts/core'
import { counter } from '@openenv-ts/core/testing'

/** Finds environments by a name of its own. */
export function load(name: string): Promise<AnyEnvironment> {
  return name === 'counter' ? Promise.resolve(counter) : Promise.reject(new Error(`There is no ${name}.`))
}
