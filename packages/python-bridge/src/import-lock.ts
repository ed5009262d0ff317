import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/** The file in which `openenv import` says what a package was made of. */
export const IMPORT_LOCK = 'import.lock.json'

/** What of a package's `import.lock.json` matters when it is started; fields that are not there are empty. */
const ImportLock = z.object({
  /** Names of packages without a wheel: installing them runs their own build. */
  needs_build: z.array(z.string()).catch([]),
  /** Requirements of the source that were not followed, for example those from version control. */
  not_followed: z
    .array(
      z.object({
        /** The package as the index would compare its name; null where the requirement does not say it. */
        name: z.string().nullable(),
        /** The requirement as the source has it, for example `git+https://…@main`. */
        requirement: z.string(),
      }),
    )
    .catch([]),
})
export type ImportLock = z.infer<typeof ImportLock>

const NONE: ImportLock = { needs_build: [], not_followed: [] }

/** Reads a package's lock; an empty one where the package was not imported, or its lock cannot be read. */
export async function readImportLock(folder: string): Promise<ImportLock> {
  try {
    return ImportLock.parse(JSON.parse(await readFile(join(folder, IMPORT_LOCK), 'utf8')))
  } catch {
    return NONE
  }
}
