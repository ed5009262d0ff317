// What resolves and installs the requirements of Python sources. Where the machine has none, one of our own, in .venvs.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const FOLDER = new URL('../.venvs/uv', import.meta.url).pathname

/** Sees to it that this process, and whatever it starts, finds `uv`. Vitest calls it before the first test. */
export function setup() {
  if (finds('uv')) return
  const bin = join(FOLDER, 'bin')
  if (!existsSync(join(bin, 'uv'))) {
    console.error('Installing uv into .venvs/uv …')
    const options = ['--quiet', '--disable-pip-version-check']
    const venv = spawnSync(process.env.PYTHON ?? 'python3', ['-m', 'venv', FOLDER], { stdio: 'inherit' })
    if (venv.status !== 0) {
      throw new Error(
        'Python cannot make environments: install its venv module (Debian: apt-get install python3-venv).',
      )
    }
    execFileSync(join(bin, 'python'), ['-m', 'pip', 'install', ...options, 'uv==0.13.8'], {
      stdio: 'inherit',
    })
  }
  process.env.PATH = [process.env.PATH, bin].filter(Boolean).join(delimiter)
  // What pip trusts, it trusts too.
  process.env.UV_SYSTEM_CERTS ??= '1'
}

function finds(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
}
