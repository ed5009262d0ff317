// Echo behind tokens, for the clients that have none.
import { echo } from '@openenv-ts/echo'
import { serve } from '@openenv-ts/server/node'
import { answerCollections } from './collect.ts'

const server = await serve(echo, { port: 0, tokens: { control: 'control-of-the-bench' } })
answerCollections()
console.log(`Listening on ${server.url}`)
