import { constants } from 'node:fs'
import { open, rm, type FileHandle } from 'node:fs/promises'
import { RolloutError } from './rollout-error.ts'

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants
const FLAGS = {
  read: O_RDONLY,
  append: O_WRONLY | O_APPEND | O_CREAT,
  repair: O_RDWR,
  new: O_WRONLY | O_CREAT | O_EXCL,
} as const

/**
 * Opens a file of a run. The folder may be a stranger's, so what the file's name leads to is not followed: a link, a
 * pipe or a device is refused, and for writing a file that has another name elsewhere too.
 *
 * @param mode - `new` replaces what stands there.
 * @throws RolloutError `BROKEN_RUN` for what is not a plain file; the system's error, such as `ENOENT`.
 */
export async function openRunFile(path: string, mode: keyof typeof FLAGS): Promise<FileHandle> {
  if (mode === 'new') await rm(path, { force: true })
  let file: FileHandle
  try {
    file = await open(path, FLAGS[mode] | O_NOFOLLOW | O_NONBLOCK, 0o666)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // What Linux and others say of a link, and of a pipe or a socket that nobody holds.
    if (code === 'ELOOP' || code === 'EMLINK' || code === 'ENXIO' || code === 'EISDIR')
      throw notPlain(path, 'a link, a pipe or a folder')
    throw error
  }
  const found = await file.stat()
  if (found.isFile() && (mode === 'read' || found.nlink === 1)) return file
  await file.close()
  throw notPlain(path, found.isFile() ? 'a hard link' : 'a pipe, a device or a folder')
}

function notPlain(path: string, what: string): RolloutError {
  return new RolloutError(
    'BROKEN_RUN',
    `${path} is ${what}. The files of a run are plain files: copy what it leads to, if you trust it.`,
  )
}
