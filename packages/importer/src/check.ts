import { join } from 'node:path'
import type { FileContent } from '@openenv-ts/scaffold'
import { REQUIREMENTS } from './generate/python-wrapper.ts'
import type { ImportPlan } from './import.ts'
import type { PythonNeeds } from './importer.ts'
import { LOCK_FILE, readLock, recordedHashes, type ImportLock } from './lock.ts'
import { bytesOf, isEqual, PackageFolder } from './package-folder.ts'
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
  const found = new PackageFolder(destination).look(LOCK_FILE)
  const lock = found.kind === 'file' ? readLock(found.bytes.toString('utf8')) : null
  if (lock !== null) return lock
  const why =
    found.kind === 'absent'
      ? `there is no ${LOCK_FILE}`
      : `${join(destination, LOCK_FILE)} cannot be read as a lock file`
  throw new ImportRefusal(
    'NO_IMPORT',
    `${destination} is not an imported package: ${why}. Import it first, without --check or --update.`,
  )
}

/** The resolution that a package has: another day's is no drift. Null where it has none. */
export function recordedResolution(destination: string, recorded: ImportLock): Resolution | null {
  const { resolved, needs_build: needsBuild, resolved_sha256: hash } = recorded
  const found = new PackageFolder(destination).look(REQUIREMENTS.resolved)
  if (resolved === null || found.kind !== 'file') return null
  const [, ...lines] = found.bytes.toString('utf8').split('\n')
  return {
    text: lines.join('\n'),
    versions: resolved,
    needsBuild,
    ...(hash === undefined ? {} : { recordedHash: hash }),
  }
}

/** Whether the resolution that a package has still answers what the source asks for. */
export function holdsResolution(
  { requires, requirements }: PythonNeeds,
  destination: string,
  { python, resolved }: ImportLock,
): boolean {
  if (python?.requires !== requires) return false
  if (JSON.stringify(python.requirements) !== JSON.stringify(requirements)) return false
  return resolved === null || new PackageFolder(destination).look(REQUIREMENTS.resolved).kind === 'file'
}

/** What of a package differs from an import of now, sorted by path. */
export function driftOf(
  { name, files }: ImportPlan,
  destination: string,
  recorded: ImportLock,
): readonly Drift[] {
  const folder = new PackageFolder(destination)
  const hashes = recordedHashes(recorded)
  const drift: Drift[] = []
  for (const [path, content] of files) {
    const kind = driftOfFile(path, content, folder, recorded, hashes)
    if (kind !== null) drift.push({ path, kind })
  }
  const copy = vendorPath(name)
  if (folder.look(copy).kind === 'folder') {
    for (const { path } of readTree(join(destination, copy)).files)
      if (!files.has(`${copy}/${path}`)) drift.push({ path: `${copy}/${path}`, kind: 'added' })
  }
  return drift.sort((one, other) => (one.path < other.path ? -1 : 1))
}

function driftOfFile(
  path: string,
  content: FileContent,
  folder: PackageFolder,
  recorded: ImportLock,
  hashes: ReadonlyMap<string, string>,
): Drift['kind'] | null {
  const there = folder.look(path)
  if (there.kind === 'absent') return 'missing'
  // A link or a folder in its place.
  if (there.kind !== 'file') return 'edited'
  const text = (): string => there.bytes.toString('utf8')
  if (isEqual(there, content)) {
    if (path !== REQUIREMENTS.resolved || recorded.resolved === null) return null
    const written = recorded.resolved_sha256
    const unchanged =
      written === undefined
        ? sameRecord(versionsOf(text()), recorded.resolved)
        : written === sha256(there.bytes)
    return unchanged ? null : 'edited'
  }
  if (path === LOCK_FILE) return sameLock(text(), bytesOf(content).bytes.toString('utf8')) ? null : 'changed'
  const written = hashes.get(path)
  return written === undefined || written === sha256(there.bytes) ? 'changed' : 'edited'
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
      resolved_sha256: null,
    })
  })
  return first === second
}
