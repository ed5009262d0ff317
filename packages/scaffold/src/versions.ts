import { readFileSync } from 'node:fs'

/** The version that all packages of this project share. */
export const OWN_VERSION = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly version: string
  }
).version

/** What an environment is written against. */
export const DEPENDENCIES = { '@openenv-ts/core': `^${OWN_VERSION}`, zod: '^4.6.7' }

/** What it is tested, checked and run with: the versions that this project itself is tested with. */
export const DEV_DEPENDENCIES = {
  '@openenv-ts/cli': `^${OWN_VERSION}`,
  '@types/node': '^20.19.43',
  eslint: '^10.15.0',
  typescript: '~6.0.3',
  'typescript-eslint': '^8.73.0',
  vitest: '^4.1.12',
}
