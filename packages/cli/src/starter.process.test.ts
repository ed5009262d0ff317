import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it('ends the server when the shell that runs it is told to end', async () => {
  const sources = fileURLToPath(new URL('../test/sources.js', import.meta.url))
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  const words = [process.execPath, '--conditions=@openenv-ts/source', '--import', sources, main]
  const command = [...words, 'serve', 'echo', '--port', '0'].map((word) => `'${word}'`).join(' ')
  const shell = spawn('sh', ['-c', `${command}; true`], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  // The server holds the other end of the pipe: it ends with the server.
  for await (const chunk of shell.stdout.setEncoding('utf8')) {
    text += String(chunk)
    if (text.includes('Ctrl-C stops it.')) shell.kill('SIGTERM')
  }
  expect(shell.signalCode).toBe('SIGTERM')
})
