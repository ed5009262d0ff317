// A server's process: starts an environment in a process of its own, which then never lets go, and tells both.
import { isolate } from './isolate.ts'

const isolation = await isolate('process', './surroundings.ts')
const episode = isolation.openEpisode()
const { observation } = await episode.reset()
void episode.step({ what: 'block' })
console.log((observation as { readonly pid: number }).pid)
