import { posix } from 'node:path'
import { printable } from '@openenv-ts/core/host'
import type { FileContent } from '@openenv-ts/scaffold'
import { sameLock } from './check.ts'
import type { ImportPlan } from './import.ts'
import { LOCK_FILE, recordedHashes, type ImportLock } from './lock.ts'
import { bytesOf, isEqual, PackageFolder } from './package-folder.ts'
import { ImportRefusal } from './refusal.ts'
import { sha256 } from './vendor.ts'

/** What an update does with one file of an imported package. */
export interface FileUpdate {
  readonly path: string
  /**
   * `replaced`, `added`, `removed`: as the source is now. `kept`: it was edited here, and the import would write what it
   * wrote before, or nothing. `conflict`: it was edited here, and the import would write something else.
   */
  readonly kind: 'replaced' | 'added' | 'removed' | 'kept' | 'conflict'
}

/**
 * Compares three states of each file: as the last import wrote it, as it is, and as an import writes it now. Sorted by
 * path; files that are as they should be are not listed. Writes nothing.
 *
 * @throws ImportRefusal `DESTINATION_TAKEN` where something stands in the place of a file: a link, or a folder with
 * files that no import wrote.
 */
export function planUpdate(
  { files }: Pick<ImportPlan, 'files'>,
  destination: string,
  recorded: ImportLock,
): readonly FileUpdate[] {
  const folder = new PackageFolder(destination)
  const hashes = recordedHashes(recorded)
  const updates = new Map<string, FileUpdate['kind']>()
  const isRemoved = (path: string): boolean => updates.get(path) === 'removed'

  for (const [path, written] of hashes) {
    if (files.has(path)) continue
    const there = folder.look(path)
    if (there.kind === 'other') throw inTheWay(path)
    if (there.kind === 'file') updates.set(path, sha256(there.bytes) === written ? 'removed' : 'kept')
  }
  for (const [path, content] of files) {
    const there = folder.look(path)
    switch (there.kind) {
      case 'other':
        throw inTheWay(path)
      case 'folder': {
        const foreign = folder.filesBelow(path).find((each) => !isRemoved(each))
        if (foreign !== undefined) throw inTheWay(foreign)
        updates.set(path, 'added')
        break
      }
      case 'absent': {
        const above = fileAbove(folder, path)
        if (above !== null && !isRemoved(above)) throw inTheWay(above)
        updates.set(path, 'added')
        break
      }
      case 'file': {
        const kind = isEqual(there, content) ? null : kindOf(path, there.bytes, content, hashes.get(path))
        if (kind !== null) updates.set(path, kind)
      }
    }
  }
  return [...updates]
    .map(([path, kind]) => ({ path, kind }))
    .sort((one, other) => (one.path < other.path ? -1 : 1))
}

function kindOf(
  path: string,
  there: Buffer,
  content: FileContent,
  written: string | undefined,
): FileUpdate['kind'] | null {
  const { bytes } = bytesOf(content)
  // It records the import, so it is always the one of now.
  if (path === LOCK_FILE) return sameLock(String(there), String(bytes)) ? null : 'replaced'
  if (sha256(there) === written) return 'replaced'
  return sha256(bytes) === written ? 'kept' : 'conflict'
}

/** The file that stands in the place of a folder on the way to a path. */
function fileAbove(folder: PackageFolder, path: string): string | null {
  for (let above = posix.dirname(path); above !== '.'; above = posix.dirname(above))
    if (folder.look(above).kind === 'file') return above
  return null
}

function inTheWay(path: string): ImportRefusal {
  return new ImportRefusal(
    'DESTINATION_TAKEN',
    `${printable(path)} is a link, or stands where an import writes something else: move it out of the package, and update again.`,
  )
}

/**
 * Writes an update: each file as a whole, the lock file last, so that an update that was cut off can be made again.
 *
 * @param replaceEdited - Whether files in conflict are replaced; else they are left alone.
 * @throws What the file system throws.
 */
export function writeUpdate(
  updates: readonly FileUpdate[],
  { files }: Pick<ImportPlan, 'files'>,
  destination: string,
  { replaceEdited }: { readonly replaceEdited: boolean },
): void {
  const folder = new PackageFolder(destination)
  const written = ({ kind }: FileUpdate): boolean =>
    kind === 'replaced' || kind === 'added' || (kind === 'conflict' && replaceEdited)
  for (const { path, kind } of updates) if (kind === 'removed') folder.remove(path)
  const paths = updates.filter(written).map(({ path }) => path)
  const lockLast = paths.sort((one, other) => Number(one === LOCK_FILE) - Number(other === LOCK_FILE))
  for (const path of lockLast) {
    const content = files.get(path)
    if (content !== undefined) folder.write(path, content)
  }
}
