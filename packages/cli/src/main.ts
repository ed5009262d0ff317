import { EXIT, oneLine } from './failure.ts'
import { run } from './index.ts'
import { exitWhenWritten, note, prepareStreams } from './terminal.ts'

prepareStreams()
// Node would print it is; a server has a listener of its own and goes on.
process.on('uncaughtException', (error) => {
  if (process.listenerCount('uncaughtException') > 1) return
  note(`error: ${oneLine(error)}`)
  if (process.env['OPENENV_DEBUG'] !== undefined && error instanceof Error) note(error.stack ?? '')
  process.exit(EXIT.failed)
})
exitWhenWritten(await run(process.argv.slice(2)))
