/** Imports a sibling when called. */
export async function start(): Promise<unknown> {
  return import('@openenv-ts/server/node')
}
