import { chmod, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ResumeStore } from '../sessions/resume-store.ts'

/** A day: longer than a restart takes, and shorter than a disk takes to fill. */
const DEFAULT_KEEP_SECONDS = 86_400
/** Only what this store wrote is ever removed. */
const OURS = /^[0-9a-f]{64}(\.[0-9a-z-]+)?$/

/**
 * Keeps episodes as files in a folder, readable by this user only.
 *
 * A file is written beside the old one and takes its place at once, so that a server killed at any time leaves a
 * whole one. It is not forced to the disk: it outlives the process, not a power failure.
 *
 * @param folder - Made when it is not there; best one of its own.
 * @param keepSeconds - How long an episode may wait; a day when not given.
 * @throws Error when the folder cannot be made or belongs to somebody else.
 */
export async function resumeDirectory(
  folder: string,
  { keepSeconds = DEFAULT_KEEP_SECONDS }: { readonly keepSeconds?: number } = {},
): Promise<ResumeStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
  const place = (key: string): string => join(folder, key)
  const store: ResumeStore = {
    put: async (key, text) => {
      const fresh = place(`${key}.${crypto.randomUUID()}`)
      const file = await open(fresh, 'wx', 0o600)
      try {
        await file.writeFile(text)
      } finally {
        await file.close()
      }
      await rename(fresh, place(key))
    },
    move: async (from, to) => {
      // Of several servers that share the folder, one succeeds in renaming.
      await rename(place(from), place(to)).catch(ignoreMissing)
      return readFile(place(to), 'utf8').catch(ignoreMissing)
    },
    delete: (key) => rm(place(key), { force: true }),
    expire: async () => {
      const oldest = Date.now() - keepSeconds * 1000
      for (const name of await readdir(folder)) {
        if (!OURS.test(name)) continue
        const file = await stat(place(name)).catch(() => null)
        if (file !== null && file.mtimeMs < oldest) await rm(place(name), { force: true })
      }
    },
  }
  await store.expire()
  return store
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}
