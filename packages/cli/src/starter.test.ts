import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { waits } from './starter.ts'

it.each([
  [['sh', '-c', 'openenv serve .'], true],
  [['/bin/bash', '-lc', 'npm run build && openenv serve . 2>&1'], true],
  [['sh', '-c', 'openenv serve . &> log'], true],
  [['sh', '-c', 'openenv serve . &'], false],
  [['sh', '-c', 'openenv serve . & sleep 1'], false],
  [['sh', '-c', 'nohup openenv serve .'], false],
  [['sh', '-c', 'setsid openenv serve .'], false],
  [['-bash'], false],
  [['bash', 'start.sh'], false],
  [['node', '-c', 'x'], false],
  [['systemd'], false],
  [[], false],
])('%j waits for the command that it runs: %s', (commandLine, expected) => {
  expect(waits(commandLine)).toBe(expected)
})

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
