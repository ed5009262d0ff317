import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { FileContent } from './file-content.ts'

/**
 * Writes a package as a whole or not at all: into a folder beside its place, which gets its name at the end. What fails,
 * is aborted, or ends with the process leaves nothing behind.
 *
 * @param destination - Absent, or an empty folder; see `checkDestination`.
 * @throws The signal's reason, or what the file system throws.
 */
export async function writePackage(
  files: ReadonlyMap<string, FileContent>,
  destination: string,
  signal?: AbortSignal,
): Promise<void> {
  const place = resolve(destination)
  const parent = dirname(place)
  const made = mkdirSync(parent, { recursive: true })
  // Beside its place, for a rename does not cross file systems.
  let draft: string | null = null
  const clean = (): void => {
    if (draft !== null) rmSync(draft, { recursive: true, force: true })
    if (made !== undefined) removeEmpty(parent, made)
  }
  process.once('exit', clean)
  try {
    draft = mkdtempSync(join(parent, `.${basename(place)}-`))
    for (const [path, content] of files) {
      signal?.throwIfAborted()
      await writeOne(join(draft, path), content).catch((error: unknown) => {
        throw new Error(`${path.slice(0, 200)} cannot be written (${codeOf(error)}).`, { cause: error })
      })
    }
    signal?.throwIfAborted()
    if (existsSync(place)) rmdirSync(place)
    renameSync(draft, place)
    // What mkdtemp makes is for its owner alone.
    chmodSync(place, 0o755)
    draft = null
  } catch (error) {
    clean()
    throw error
  } finally {
    process.off('exit', clean)
  }
}

async function writeOne(file: string, content: FileContent): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  if (typeof content === 'string') await writeFile(file, content)
  else await writeFile(file, content.read(), { mode: content.executable ? 0o755 : 0o644 })
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? String(error.code) : error.message
}

/** Removes folders that were made for nothing, from the innermost to the first one. */
function removeEmpty(innermost: string, first: string): void {
  for (let folder = innermost; folder.length >= first.length; folder = dirname(folder)) {
    try {
      rmdirSync(folder)
    } catch {
      // Somebody else has put something there since.
      return
    }
  }
}
