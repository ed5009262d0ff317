import { Console } from 'node:console'
import { run } from './index.ts'

// `openenv tasks … | head` closes the pipe early: that is no failure of this command.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

// What a loaded module prints is no part of the answer: a URL in the first line, or one JSON object.
globalThis.console = new Console(process.stderr)

const code = await run(process.argv.slice(2))
// What a module left open (a timer, a pool) must not keep the command from ending; what was written goes out first.
process.stdout.write('', () => process.exit(code))
