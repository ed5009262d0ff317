import { lstatSync, readFileSync, realpathSync } from 'node:fs'
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { FileContent } from '@openenv-ts/scaffold'
import { sameLock } from './check.ts'
import type { ImportPlan } from './import.ts'
import { LOCK_FILE, type ImportLock } from './lock.ts'
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
 * Compares an imported package with an import of now, file by file, sorted by path. Files that are as they should be
 * are not listed.
 *
 * @throws ImportRefusal where a file of the package is a link, or is reached through one.
 */
export function planUpdate(
  { files }: Pick<ImportPlan, 'files'>,
  destination: string,
  { generated }: Pick<ImportLock, 'generated'>,
): readonly FileUpdate[] {
  const updates: FileUpdate[] = []
  for (const [path, content] of files) {
    const there = readPlain(destination, path)
    const now = bytesOf(content)
    if (there === null) updates.push({ path, kind: 'added' })
    else if (!there.equals(now) && !(path === LOCK_FILE && sameLock(String(there), String(now))))
      updates.push({ path, kind: kindOf(path, there, now, generated[path]) })
  }
  for (const [path, written] of Object.entries(generated)) {
    if (files.has(path) || !isInside(path)) continue
    const there = readPlain(destination, path)
    if (there !== null) updates.push({ path, kind: sha256(there) === written ? 'removed' : 'kept' })
  }
  return updates.sort((one, other) => (one.path < other.path ? -1 : 1))
}

function kindOf(path: string, there: Buffer, now: Buffer, written: string | undefined): FileUpdate['kind'] {
  // It records the import, so it is always the one of now.
  if (path === LOCK_FILE || sha256(there) === written) return 'replaced'
  return sha256(now) === written ? 'kept' : 'conflict'
}

/**
 * Writes an update: each file as a whole, the lock file last, so that an update that was stopped can be made again.
 *
 * @param replaceEdited - Whether files in conflict are replaced; else they are left alone.
 * @throws The signal's reason, or what the file system throws.
 */
export async function writeUpdate(
  updates: readonly FileUpdate[],
  { files }: Pick<ImportPlan, 'files'>,
  destination: string,
  { replaceEdited, signal }: { readonly replaceEdited: boolean; readonly signal?: AbortSignal },
): Promise<void> {
  const lockLast = [...updates].sort(
    (one, other) => Number(one.path === LOCK_FILE) - Number(other.path === LOCK_FILE),
  )
  for (const { path, kind } of lockLast) {
    signal?.throwIfAborted()
    const file = join(destination, path)
    const content = files.get(path)
    if (kind === 'removed') await rm(file, { force: true })
    else if (content !== undefined && kind !== 'kept' && (kind !== 'conflict' || replaceEdited))
      await replaceFile(file, content)
  }
}

async function replaceFile(file: string, content: FileContent): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const draft = `${file}.importing`
  try {
    await writeFile(draft, bytesOf(content), { flag: 'wx' })
    if (typeof content !== 'string') await chmod(draft, content.executable ? 0o755 : 0o644)
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

function bytesOf(content: FileContent): Buffer {
  return Buffer.from(typeof content === 'string' ? content : content.read())
}

/** Paths of a lock file are read, not trusted. */
function isInside(path: string): boolean {
  return (
    path !== '' &&
    !/^[/\\]|^[A-Za-z]:|\\|\0/.test(path) &&
    !path.split('/').some((part) => ['', '.', '..'].includes(part))
  )
}

/** A file of the package; null where it is not there. Links are refused: they may lead anywhere. */
function readPlain(destination: string, path: string): Buffer | null {
  const root = realpathSync(destination)
  let at = root
  for (const part of path.split('/')) {
    at = join(at, part)
    const found = lstatSync(at, { throwIfNoEntry: false })
    if (found === undefined) return null
    if (found.isSymbolicLink() || (at === join(root, path) && !found.isFile()))
      throw new ImportRefusal(
        'DESTINATION_TAKEN',
        `${at} is a link or not a file: remove it, and update again.`,
      )
  }
  return readFileSync(at)
}
