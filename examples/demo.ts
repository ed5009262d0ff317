// `npm run demo`: one environment on the real wire. It is served on loopback and played over WebSocket by its baseline
// policy, exactly as `openenv eval URL` would play any server; the scores come on the screen and the run on disk.
import { run } from '@openenv-ts/cli'
import { emailTriage } from '@openenv-ts/email-triage'
import { serve } from '@openenv-ts/server/node'

await using server = await serve(emailTriage, { port: 0 })
console.log(`email-triage is served at ${server.url}. The baseline policy reads its mail over WebSocket.\n`)

process.exitCode = await run(['eval', server.url, '--policy', 'baseline'])

console.log(`
Next, the same inbox with a model: set these three, for any OpenAI-compatible endpoint.
  export API_BASE_URL=https://api.openai.com/v1  API_KEY=…  MODEL_NAME=…
  npx openenv eval email-triage --policy model --repeats 4

Or an environment of your own, in one file:
  npx openenv eval examples/guess.ts --policy random --repeats 100`)
