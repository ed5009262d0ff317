import { existsSync, statSync } from 'node:fs'
import { extname, relative, resolve } from 'node:path'
import type { AnyEnvironment } from '@openenv-ts/core'
import { didYouMean } from './did-you-mean.ts'
import { entryOf } from './package-folder.ts'
import { UsageError } from './failure.ts'
import { importFile, importPackage } from './module.ts'

/** What a module gives the command: its environment, and policies that know it. */
export interface EnvironmentModule {
  readonly environment: AnyEnvironment
  /** Everything that the module exports by name. */
  readonly exports: Readonly<Record<string, unknown>>
}

/** Environments that come with the command. */
export const BUILT_IN = ['echo', 'email-triage'] as const
const EXTENSIONS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.tsx', '.jsx']
const PACKAGE_NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(?:\/[\w./-]+)?$/i

/** Whether ENV|URL names a server. */
export function isUrl(name: string): boolean {
  return /^(?:https?|wss?):\/\//i.test(name)
}

/**
 * Loads the environment that a name stands for: built in, a file, or an installed package, in this order.
 *
 * @throws UsageError when there is no such thing, when it cannot be loaded, or when it has no environment.
 */
export async function loadEnvironment(name: string): Promise<EnvironmentModule> {
  if (isUrl(name)) {
    throw new UsageError(
      `This needs an environment, and ${name} is a URL: give a built-in name, a package or a file.`,
    )
  }
  const builtIn = BUILT_IN.find((known) => known === name)
  if (builtIn !== undefined) return readModule(await importBuiltIn(builtIn), name)
  if (isFileName(name)) {
    const path = resolve(name)
    const file = entryOf(path) ?? path
    checkFile(name, file)
    return readModule(await importFile(file), shown(file))
  }
  const found = PACKAGE_NAME.test(name) ? await importPackage(name) : undefined
  if (found !== undefined) return readModule(found, name)
  throw new UsageError(
    `There is no environment "${name}": it is not built in (${BUILT_IN.join(', ')}), no file, and no installed package.` +
      didYouMean(name, BUILT_IN),
  )
}

/**
 * The module of the installed package that offers an environment of this name, for its policies [OE-17].
 *
 * @returns Undefined when none is installed.
 */
export async function findEnvironment(name: string): Promise<EnvironmentModule | undefined> {
  const builtIn = BUILT_IN.find((known) => known === name)
  if (builtIn !== undefined) return readModule(await importBuiltIn(builtIn), name)
  if (!PACKAGE_NAME.test(name)) return undefined
  for (const candidate of [`@openenv-ts/${name}`, name]) {
    const exports = await importPackage(candidate).catch(() => undefined)
    if (exports !== undefined && isEnvironment(exports['default']) && exports['default'].name === name) {
      return readModule(exports, candidate)
    }
  }
  return undefined
}

function importBuiltIn(name: (typeof BUILT_IN)[number]): Promise<Readonly<Record<string, unknown>>> {
  return name === 'echo' ? import('@openenv-ts/echo') : import('@openenv-ts/email-triage')
}

function isFileName(name: string): boolean {
  return (
    /^(?:[.~]{0,2}\/|\.{1,2}$|file:)/.test(name) ||
    EXTENSIONS.includes(extname(name)) ||
    existsSync(resolve(name))
  )
}

function checkFile(name: string, file: string): void {
  if (!existsSync(file))
    throw new UsageError(`There is no file ${name}: check the path, it is relative to ${resolve('.')}.`)
  if (statSync(file).isDirectory()) {
    throw new UsageError(
      `${name} is a folder: name the module that default-exports the environment, for example ${name.replace(/\/$/, '')}/src/index.ts.`,
    )
  }
  if (!EXTENSIONS.includes(extname(file))) {
    throw new UsageError(`${name} is no module: an environment is a .ts, .js or .mjs file.`)
  }
}

function readModule(exports: Readonly<Record<string, unknown>>, name: string): EnvironmentModule {
  const environment = exports['default']
  if (isEnvironment(environment)) return { environment, exports }
  const why =
    environment === undefined
      ? 'has no default export'
      : `default-exports ${described(environment)}, which is no environment`
  throw new UsageError(`${name} ${why}: write \`export default pureEnvironment({ … })\`.`)
}

/** Looks at the shape and not at a class: a module may carry its own copy of core. */
function isEnvironment(value: unknown): value is AnyEnvironment {
  if (typeof value !== 'object' || value === null) return false
  const { name, action, observation, start } = value as Readonly<Record<string, unknown>>
  const schemas = [action, observation].every((schema) => typeof schema === 'object' && schema !== null)
  return typeof name === 'string' && schemas && typeof start === 'function'
}

function described(value: unknown): string {
  if (value === null) return 'null'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** A path as a person would write it here. */
function shown(file: string): string {
  const here = relative(process.cwd(), file)
  return here.startsWith('..') ? file : `./${here}`
}
