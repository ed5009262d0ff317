// The server that is measured: echo, with everything on.
import { echo } from '@openenv-ts/echo'
import { serve } from '@openenv-ts/server/node'
import { answerCollections } from './collect.ts'

const server = await serve(echo, { port: 0 })
answerCollections()
console.log(`Listening on ${server.url}`)
