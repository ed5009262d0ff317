// A server of echo or labor whose episodes run inline, in threads or in processes: `isolated.js KIND ENVIRONMENT`.
import type { AnyEnvironment } from '@openenv-ts/core'
import { echo } from '@openenv-ts/echo'
import { createIsolation, serve, type IsolationKind } from '@openenv-ts/server/node'
import { labor } from '../environments/labor.ts'
import { answerCollections } from './collect.ts'

const [, , kind = 'inline', name = 'echo'] = process.argv
const [environment, module] = (
  name === 'echo'
    ? [echo, '@openenv-ts/echo']
    : [labor, new URL('../environments/labor.js', import.meta.url).href]
) as [AnyEnvironment, string]
const isolation =
  kind === 'inline'
    ? undefined
    : await createIsolation({ kind: kind as IsolationKind, module, stepSeconds: 1, memoryMb: 128 })
const server = await serve(environment, {
  port: 0,
  ...(isolation === undefined ? {} : { openEpisode: () => isolation.openEpisode() }),
})
answerCollections()
console.log(`Listening on ${server.url}`)
