import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Where Debian puts it. */
export const CHROMIUM = '/usr/bin/chromium'

/** Installs Debian's browser where there is none: without a browser these tests fail, and are never left out. */
export function setup(): void {
  if (existsSync(CHROMIUM)) return
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', 'chromium']]) {
    const { status } = spawnSync('apt-get', args, {
      stdio: 'inherit',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
    if (status !== 0) throw new Error(`There is no ${CHROMIUM}, and apt-get ${args.join(' ')} failed.`)
  }
}
