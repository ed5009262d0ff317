// Runs every example, most of them against one server of guess.ts: `npm run examples`. An example fails by its exit code.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

process.chdir(new URL('..', import.meta.url).pathname)
const run = (command, ...args) => {
  console.log(`\n$ ${[command, ...args].join(' ')}`)
  const { status, error } = spawnSync(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: 120_000,
  })
  if (status === 0) return
  console.error(`failed: ${error?.message ?? `exit code ${status}`}`)
  process.exitCode = 1
}

run('bash', 'examples/commands.sh')
run(process.execPath, 'docs/picture.mjs', '--check')

const server = spawn('node_modules/.bin/openenv', ['serve', 'examples/guess.ts', '--port', '0'], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  const [line] = await once(createInterface(server.stdout), 'line')
  const url = line.replace('Listening on ', '')
  run(process.execPath, '--import', 'jiti/register', 'examples/connect.ts', url)
  run('bash', 'test/peers/install.sh', 'openenv-0.10.0')
  run('.venvs/openenv-0.10.0/bin/python', 'examples/from_python.py', url)
} finally {
  server.kill()
}
