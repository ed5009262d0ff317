import { install } from '../peers/peers.ts'

/** Installs Python's own OpenEnv client. */
export async function setup(): Promise<void> {
  await install('openenv-0.10.0')
}
