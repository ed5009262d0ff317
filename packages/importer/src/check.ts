import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FileContent } from '@openenv-ts/scaffold'
import { REQUIREMENTS } from './generate/python-wrapper.ts'
import type { ImportPlan } from './import.ts'
import { LOCK_FILE, readLock, type ImportLock } from './lock.ts'
import { ImportRefusal } from './refusal.ts'
import { versionsOf, type Resolution } from './resolve-requirements.ts'
import { MADE_BY_MACHINES } from './source/left-out.ts'
import { readTree } from './source/tree.ts'
import { sha256, vendorPath } from './vendor.ts'

/** A file of an imported package that is not what an import would write now. */
export interface Drift {
  readonly path: string
  /**
   * `changed`: the source, or the importer, gives something else now. `edited`: the file was changed where it is.
   * `missing`: it is not there. `added`: it is in the copy of the source, and not in the source.
   */
  readonly kind: 'changed' | 'edited' | 'missing' | 'added'
}

/**
 * The lock file of a package that was imported.
 *
 * @throws ImportRefusal where there is none.
 */
export function recordedImport(destination: string): ImportLock {
  const file = join(destination, LOCK_FILE)
  const lock = existsSync(file) ? readLock(readFileSync(file, 'utf8')) : null
  if (lock !== null) return lock
  const why = existsSync(file) ? `${file} cannot be read as a lock file` : `there is no ${LOCK_FILE}`
  throw new ImportRefusal(
    'NO_IMPORT',
    `${destination} is no imported package: ${why}. Import it first, without --check.`,
  )
}

/** The resolution that a package has: another day's is no drift. */
export function recordedResolution(
  destination: string,
  { resolved, needs_build: needsBuild }: ImportLock,
): Resolution | null {
  const file = join(destination, REQUIREMENTS.resolved)
  if (resolved === null || !existsSync(file)) return null
  const [, ...lines] = readFileSync(file, 'utf8').split('\n')
  return { text: lines.join('\n'), versions: resolved, needsBuild }
}

/** What of a package differs from an import of now, sorted by path. */
export function driftOf(
  { name, files }: ImportPlan,
  destination: string,
  recorded: ImportLock,
): readonly Drift[] {
  const drift: Drift[] = []
  for (const [path, content] of files) {
    const kind = driftOfFile(path, content, destination, recorded)
    if (kind !== null) drift.push({ path, kind })
  }
  const copy = vendorPath(name)
  if (existsSync(join(destination, copy))) {
    for (const { path } of readTree(join(destination, copy)).files)
      if (!files.has(`${copy}/${path}`)) drift.push({ path: `${copy}/${path}`, kind: 'added' })
  }
  return drift.sort((one, other) => (one.path < other.path ? -1 : 1))
}

function driftOfFile(
  path: string,
  content: FileContent,
  destination: string,
  recorded: ImportLock,
): Drift['kind'] | null {
  let there: Buffer
  try {
    there = readFileSync(join(destination, path))
  } catch {
    return 'missing'
  }
  const expected = typeof content === 'string' ? Buffer.from(content) : content.read()
  if (there.equals(expected)) {
    if (path !== REQUIREMENTS.resolved || recorded.resolved === null) return null
    return sameRecord(versionsOf(there.toString('utf8')), recorded.resolved) ? null : 'edited'
  }
  if (path === LOCK_FILE) return sameLock(there.toString('utf8'), expected.toString()) ? null : 'changed'
  const written = recorded.generated[path]
  return written === undefined || written === sha256(there) ? 'changed' : 'edited'
}

function sameRecord(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  return JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort())
}

/** Whether two lock files say the same of the source: neither a commit nor what programs leave behind changes it. */
export function sameLock(one: string, other: string): boolean {
  const [first, second] = [one, other].map((text) => {
    const lock = readLock(text)
    if (lock === null) return text
    const excluded = lock.excluded.filter(({ why }) => !MADE_BY_MACHINES.has(why))
    return JSON.stringify({
      ...lock,
      source: { ...lock.source, commit: null },
      excluded,
      resolved: null,
      needs_build: [],
    })
  })
  return first === second
}
