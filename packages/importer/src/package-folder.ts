import { randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { FileContent } from '@openenv-ts/scaffold'

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants

/** What stands at a path of a package. */
export type Entry =
  | { readonly kind: 'absent' }
  | { readonly kind: 'file'; readonly bytes: Buffer; readonly executable: boolean }
  | { readonly kind: 'folder' }
  /** A link, a pipe or a device, or below one: it is not opened. */
  | { readonly kind: 'other' }

/** The bytes of a content, and whether it may be run. */
export function bytesOf(content: FileContent): { readonly bytes: Buffer; readonly executable: boolean } {
  return typeof content === 'string'
    ? { bytes: Buffer.from(content), executable: false }
    : { bytes: Buffer.from(content.read()), executable: content.executable }
}

/** Whether a file is what an import writes. Only a copied file has a say in whether it may be run. */
export function isEqual(
  there: { readonly bytes: Buffer; readonly executable: boolean },
  content: FileContent,
): boolean {
  const { bytes, executable } = bytesOf(content)
  return there.bytes.equals(bytes) && (typeof content === 'string' || there.executable === executable)
}

/**
 * Whether a path, `/` between names, stays in the folder that it is relative to, and is one that an import may write.
 * What version control and npm keep in a package is not.
 */
export function isPackagePath(path: string): boolean {
  const names = path.split('/')
  return !path.includes('\0') && !names.some((name) => FORBIDDEN.has(name.toLowerCase()))
}

const FORBIDDEN: ReadonlySet<string> = new Set(['', '.', '..', '.git', 'node_modules'])

/**
 * The folder of a package that was imported before. Others may have made it, so nothing in it is followed: paths must
 * be those of {@link isPackagePath}, and links are neither read, written through nor removed.
 */
export class PackageFolder {
  readonly #path: string

  /** @param path - Absolute. The folder itself may be a link: the user named it. */
  constructor(path: string) {
    this.#path = path
  }

  /** What stands at a path. A file is read whole. */
  look(path: string): Entry {
    if (this.#hasOther(dirname(path))) return { kind: 'other' }
    let file: number
    try {
      const found = lstatSync(this.#at(path))
      if (found.isDirectory()) return { kind: 'folder' }
      if (!found.isFile()) return { kind: 'other' }
      file = openSync(this.#at(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' }
      if (code === 'ELOOP' || code === 'EMLINK' || code === 'ENXIO') return { kind: 'other' }
      throw error
    }
    try {
      const found = fstatSync(file)
      if (!found.isFile()) return { kind: 'other' }
      return { kind: 'file', bytes: readFileSync(file), executable: (found.mode & 0o100) !== 0 }
    } finally {
      closeSync(file)
    }
  }

  /** The paths of everything below a folder that is not a folder itself. Follows no link. */
  filesBelow(path: string): readonly string[] {
    return readdirSync(this.#at(path), { withFileTypes: true }).flatMap((entry) => {
      const each = `${path}/${entry.name}`
      return entry.isDirectory() ? this.filesBelow(each) : [each]
    })
  }

  /** Puts a file in place, whole or not at all; what has its name is replaced and not written through. */
  write(path: string, content: FileContent): void {
    const { bytes, executable } = bytesOf(content)
    const folder = this.#at(dirname(path))
    mkdirSync(folder, { recursive: true })
    const draft = join(folder, `.openenv-${randomUUID()}`)
    try {
      writeFileSync(draft, bytes, { flag: 'wx', mode: executable ? 0o755 : 0o644 })
      renameSync(draft, this.#at(path))
    } catch (error) {
      rmSync(draft, { force: true })
      throw error
    }
  }

  /** Removes a file, and the folders that are empty without it. */
  remove(path: string): void {
    rmSync(this.#at(path), { force: true })
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
      try {
        rmdirSync(this.#at(folder))
      } catch {
        // Something else is in it.
        return
      }
    }
  }

  #at(path: string): string {
    if (path !== '.' && !isPackagePath(path)) throw new Error(`${path} is not a path of a package.`)
    return join(this.#path, path)
  }

  /** Whether a link, or something else that is neither a folder nor a plain file, is on a way. */
  #hasOther(folder: string): boolean {
    if (folder === '.') return false
    if (this.#hasOther(dirname(folder))) return true
    const found = lstatSync(this.#at(folder), { throwIfNoEntry: false })
    return found !== undefined && !found.isDirectory() && !found.isFile()
  }
}
