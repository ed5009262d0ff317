import type { AnyEnvironment } from '@openenv-ts/core'

/** Finds environments by a name of its own. */
export async function load(name: string): Promise<AnyEnvironment> {
  const { default: environment } = (await import(`./${name}.ts`)) as { default: AnyEnvironment }
  return environment
}
