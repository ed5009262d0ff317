import type { AnyEnvironment } from '@openenv-ts/core'
import { loadEnvironment } from './environment.ts'

/** Loads ENV in the place where its episodes run, as the command itself does. */
export async function load(name: string): Promise<AnyEnvironment> {
  const { environment } = await loadEnvironment(name)
  return environment
}
