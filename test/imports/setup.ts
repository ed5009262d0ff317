import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { install } from '../peers/peers.ts'

const VENVS = join(dirname(fileURLToPath(import.meta.url)), '../../.venvs')

/** Installs uv, and Python's own OpenEnv client. */
export async function setup(): Promise<void> {
  await install('openenv-0.10.0')
  const uv = join(VENVS, 'uv')
  if (existsSync(join(uv, 'bin/uv'))) return
  const python = process.env['PYTHON'] ?? 'python3'
  execFileSync(python, ['-m', 'venv', uv], { stdio: 'inherit' })
  execFileSync(join(uv, 'bin/python'), ['-m', 'pip', 'install', '--quiet', 'uv==0.13.8'], {
    stdio: 'inherit',
  })
}
