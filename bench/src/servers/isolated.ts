// A server of echo or labor whose episodes run inline, in threads or in processes: `isolated.js KIND ENVIRONMENT`.
import { serve, type IsolationKind } from '@openenv-ts/server/node'
import { answerCollections } from './collect.ts'

const [, , kind = 'inline', name = 'echo'] = process.argv
const environment =
  name === 'echo' ? '@openenv-ts/echo' : new URL('../environments/labor.js', import.meta.url)
const server = await serve(environment, {
  port: 0,
  isolation: kind === 'inline' ? 'inline' : { kind: kind as IsolationKind, stepSeconds: 1, memoryMb: 128 },
})
answerCollections()
console.log(`Listening on ${server.url}`)
