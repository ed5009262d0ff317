// Plays the sums environment slowly into the folder given as argument, so that a test can kill it in the middle.
import { rollout } from '../src/rollout.ts'
import { addsUp, sums } from './environments.ts'
import { setTimeout as sleep } from 'node:timers/promises'

const [, , out = 'runs/killed', resume] = process.argv
const slowly = async (observation: { sum: number; target: number }): Promise<{ add: number }> => {
  await sleep(3)
  return addsUp(observation)
}
const run = await rollout(
  sums,
  { name: 'adder', act: slowly },
  {
    out,
    resume: resume === '--resume',
    repeats: 20,
    concurrency: 4,
    onProgress: ({ done }) => process.stdout.write(`${String(done)}\n`),
  },
)
process.stdout.write(`finished ${String(run.finished)}\n`)
