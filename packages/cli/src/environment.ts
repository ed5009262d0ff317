import { existsSync, statSync } from 'node:fs'
import { extname, join, relative, resolve } from 'node:path'
import type { AnyEnvironment } from '@openenv-ts/core'
import { didYouMean } from './did-you-mean.ts'
import { entryOf } from './package-folder.ts'
import { LoadFailure, UsageError } from './failure.ts'
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

/** An address as a person types it when the scheme is forgotten. */
const HOST_AND_PORT = /^[\w.-]+:\d{1,5}(?:\/\S*)?$/

/** Whether a name is that of an environment that comes with the command. */
export function isBuiltIn(name: string): boolean {
  return BUILT_IN.some((known) => known === name)
}

/** Whether ENV|URL names a server. */
export function isUrl(name: string): boolean {
  return /^(?:https?|wss?):\/\//i.test(name)
}

/**
 * Loads the environment that the user typed: a built-in name, a path, or an installed package, in this order.
 *
 * Only for what the user typed. A name from a manifest, a record or a server is for {@link builtInEnvironment}.
 *
 * @throws UsageError when there is no such environment, when it cannot be loaded, or when it is not one.
 */
export async function loadEnvironment(typed: string): Promise<EnvironmentModule> {
  if (isUrl(typed)) {
    throw new UsageError(
      `This needs an environment, and ${typed} is a URL: give a built-in name, a package or a file.`,
    )
  }
  const builtIn = await builtInEnvironment(typed)
  if (builtIn !== undefined) return builtIn
  if (isPath(typed)) {
    const path = resolve(typed)
    const file = entryOf(path) ?? path
    checkFile(typed, file)
    return readModule(await importFile(file), here(file))
  }
  const found = await importPackage(typed)
  if (found !== undefined) return readModule(found, typed)
  throw new UsageError(
    `There is no environment "${typed}": it is not built in (${BUILT_IN.join(', ')}), not a file, and not an installed package.` +
      (HOST_AND_PORT.test(typed)
        ? ` A server needs its scheme: http://${typed}.`
        : didYouMean(typed, BUILT_IN)),
  )
}

/**
 * The built-in environment of a name, whoever says the name: code of others is never chosen by it [OE-16] [OE-17].
 *
 * @returns Undefined for every other name.
 */
export async function builtInEnvironment(name: string): Promise<EnvironmentModule | undefined> {
  const known = BUILT_IN.find((each) => each === name)
  return known === undefined ? undefined : readModule(await importBuiltIn(known), known)
}

function importBuiltIn(name: (typeof BUILT_IN)[number]): Promise<Readonly<Record<string, unknown>>> {
  return name === 'echo' ? import('@openenv-ts/echo') : import('@openenv-ts/email-triage')
}

function isPath(name: string): boolean {
  return (
    /^(?:[.~]{0,2}\/|\.{1,2}$|file:)/.test(name) ||
    EXTENSIONS.includes(extname(name)) ||
    existsSync(resolve(name))
  )
}

function checkFile(name: string, file: string): void {
  if (!existsSync(file))
    throw new LoadFailure(
      `There is no file ${name}: check the path, it is relative to ${resolve('.')}.`,
      'There is no file at the path that was given.',
    )
  if (statSync(file).isDirectory()) {
    throw new LoadFailure(
      `${name} is a folder without a package.json that names a module: give the file that default-exports the environment${exampleIn(name, file)}.`,
      'The path that was given is that of a folder without an environment.',
    )
  }
  if (!EXTENSIONS.includes(extname(file))) {
    throw new LoadFailure(
      `${name} is not a module: an environment is a .ts, .js or .mjs file.`,
      'The file that was given is not a module.',
    )
  }
}

/** A file of the folder that may be meant; nothing where there is none. */
function exampleIn(name: string, folder: string): string {
  const found = ['index.ts', 'index.js', 'src/index.ts', 'environment.ts'].find((each) =>
    existsSync(join(folder, each)),
  )
  return found === undefined ? '' : `, such as ${join(name, found)}`
}

function readModule(exports: Readonly<Record<string, unknown>>, name: string): EnvironmentModule {
  const environment = exports['default']
  if (isEnvironment(environment)) return { environment, exports }
  const why =
    environment === undefined
      ? 'has no default export'
      : `default-exports ${described(environment)}, which is not an environment`
  throw new LoadFailure(
    `${name} ${why}: write \`export default definePureEnvironment({ … })\`.`,
    `Its module ${why}.`,
  )
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
function here(file: string): string {
  const path = relative(process.cwd(), file)
  return path.startsWith('..') ? file : `./${path}`
}
