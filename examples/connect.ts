// From TypeScript: an episode on a server, typed from the environment's definition.
//   npx openenv serve examples/guess.ts
//   node --import jiti/register examples/connect.ts
import assert from 'node:assert/strict'
import { connect } from '@openenv-ts/client'
import { isOpenEnvError, openLocal } from '@openenv-ts/core'
import guess from './guess.ts'

const url = process.argv[2] ?? 'http://localhost:8000'

await using episode = await connect(url, { environment: guess })
const first = await episode.reset({ seed: 7 })
assert.deepEqual(first.observation, { hint: 'start', triesLeft: 7 })

const next = await episode.step({ number: 50 })
const hint: 'start' | 'higher' | 'lower' | 'found' = next.observation.hint
console.log(`50? ${hint}`)

// The same position, on its own from here.
const branch = await episode.fork()
const [low, high] = await Promise.all([episode.step({ number: 25 }), branch.step({ number: 75 })])
console.log(`25? ${low.observation.hint}. 75? ${high.observation.hint}`)
assert.equal(low.observation.triesLeft, 5)
assert.equal(high.observation.triesLeft, 5)
await branch.close()

// The same lines run on an episode in this process, and the same seed gives the same episode.
await using local = openLocal(guess)
await local.reset({ seed: 7 })
assert.deepEqual((await local.step({ number: 50 })).observation, next.observation)

// Without a definition the types come from the server's schema at run time: any OpenEnv server, Python's too.
await using untyped = await connect(url)
await untyped.reset({ seed: 7 })
await assert.rejects(
  untyped.step({ number: 'fifty' }),
  (error) => isOpenEnvError(error) && error.code === 'VALIDATION_ERROR',
)
assert.deepEqual((await untyped.step({ number: 50 })).observation, next.observation)
console.log('ok')
