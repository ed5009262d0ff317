import { install } from './peers.ts'

/** Makes the Python environments that are not there yet. */
export async function setup(): Promise<void> {
  if (process.env['OPENENV_SKIP_PEERS'] === '1') {
    console.warn('\n!!! OPENENV_SKIP_PEERS=1: nothing is tested against the real Python packages. !!!\n')
    return
  }
  await install()
}
