import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from './failure.ts'

/** Sources before what was built from them: nobody has to build what they are writing. */
const CONDITIONS = ['@openenv-ts/source', 'import', 'default']

/**
 * The module that the folder of a package stands for, as its package.json says.
 *
 * @returns Undefined for what is no folder, and for a folder that is no package or names no module.
 * @throws UsageError when package.json cannot be read, or the module is not there.
 */
export function entryOf(folder: string): string | undefined {
  const manifest = join(folder, 'package.json')
  if (!existsSync(manifest) || !statSync(manifest).isFile()) return undefined
  const { exports, main } = readManifest(manifest)
  const target = targetOf(rootOf(exports)) ?? (typeof main === 'string' ? main : undefined)
  if (target === undefined) return undefined
  const file = join(folder, target)
  if (existsSync(file)) return file
  throw new UsageError(`${manifest} names ${target}, which is not there: build the package, or give a file.`)
}

function readManifest(file: string): { readonly exports?: unknown; readonly main?: unknown } {
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof manifest === 'object' && manifest !== null) return manifest
  } catch (thrown) {
    throw new UsageError(`${file} is not JSON.`, { cause: thrown })
  }
  throw new UsageError(`${file} is not a JSON object.`)
}

/** `exports` may be for the package's root alone, or have it under `.`. */
function rootOf(exports: unknown): unknown {
  if (typeof exports !== 'object' || exports === null || !Object.hasOwn(exports, '.')) return exports
  return (exports as Readonly<Record<string, unknown>>)['.']
}

function targetOf(entry: unknown): string | undefined {
  if (typeof entry === 'string') return entry
  if (typeof entry !== 'object' || entry === null) return undefined
  for (const condition of CONDITIONS) {
    const target = targetOf((entry as Readonly<Record<string, unknown>>)[condition])
    if (target !== undefined) return target
  }
  return undefined
}
