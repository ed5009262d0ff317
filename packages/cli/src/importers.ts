import type * as Importer from '@openenv-ts/importer'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Failure, UsageError } from './failure.ts'
import { importFile, importPackage } from './module.ts'

/** The importer's package: optional, for parsing Python weighs more than all the rest. */
export type ImporterPackage = typeof Importer

/**
 * Loads the importer.
 *
 * @throws Failure with the line that installs it, where it is not installed.
 */
export async function loadImporter(): Promise<ImporterPackage> {
  try {
    return await import('@openenv-ts/importer')
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : ''
    if (!isMissing(thrown) || !message.includes("'@openenv-ts/importer'")) throw thrown
    throw new Failure('The importer is not installed: npm install @openenv-ts/importer', { cause: thrown })
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_MODULE_NOT_FOUND'
}

/**
 * The importers that a package or a file exports, whatever their names [IM-3].
 *
 * @throws UsageError where there is no such package, or it exports none.
 */
export async function importersFrom(name: string): Promise<readonly Importer.EnvironmentImporter[]> {
  const file = resolve(name)
  const isFile = /^[./]/.test(name) || /\.[cm]?[jt]s$/.test(name)
  if (isFile && !existsSync(file))
    throw new UsageError(`There is no file ${name}: --importer is a package or a file.`)
  const exports = isFile ? await importFile(file) : await importPackage(name)
  if (exports === undefined) {
    throw new UsageError(`There is no importer "${name}": install the package, or name a file.`)
  }
  const found = new Set(Object.values(exports).filter(isImporter))
  if (found.size > 0) return [...found]
  throw new UsageError(
    `${name} exports no importer: an object with sourceType, version, detect and generate.`,
  )
}

function isImporter(value: unknown): value is Importer.EnvironmentImporter {
  if (typeof value !== 'object' || value === null) return false
  const { sourceType, version, detect, generate } = value as Readonly<Record<string, unknown>>
  const texts = typeof sourceType === 'string' && typeof version === 'string'
  return texts && typeof detect === 'function' && typeof generate === 'function'
}
