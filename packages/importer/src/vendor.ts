import { createHash } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import type { FileBytes } from '@openenv-ts/scaffold'
import type { SourceTree } from './source/tree.ts'

/** The copy of a source that a package carries. */
export interface VendoredSource {
  /** Where it lies in the package: `vendor/…`. */
  readonly path: string
  /** By their path in the package. */
  readonly files: ReadonlyMap<string, FileBytes>
  /** SHA-256 of each, by the same paths. */
  readonly hashes: ReadonlyMap<string, string>
  /** SHA-256 over the paths and contents of all files, `sha256:…`: says whether two sources are the same. */
  readonly hash: string
  readonly bytes: number
}

/** Where the source of a package lies in it: named by the package, so that the source's own place does not matter [IM-26]. */
export function vendorPath(name: string): string {
  return `vendor/${name}`
}

/**
 * Plans the copy of a source: what the tree lists and nothing else. Reads every file once; bytes are read again when
 * they are written.
 *
 * @throws What the file system throws for a file that cannot be read.
 */
export function vendorSource(tree: SourceTree, name: string): VendoredSource {
  const path = vendorPath(name)
  const hash = createHash('sha256')
  const files = new Map<string, FileBytes>()
  const hashes = new Map<string, string>()
  let bytes = 0
  for (const file of tree.files) {
    const content = tree.read(file.path)
    const own = sha256(content)
    hash.update(`${file.path}\0${own}\n`)
    hashes.set(`${path}/${file.path}`, own)
    bytes += content.length
    files.set(`${path}/${file.path}`, {
      read: () => tree.read(file.path),
      // As git does it: all may run it, or nobody. Whoever else may read or write it is no part of a source.
      executable: (lstatSync(join(tree.root, file.path)).mode & 0o100) !== 0,
    })
  }
  return { path, files, hashes, hash: `sha256:${hash.digest('hex')}`, bytes }
}

/** SHA-256 in hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
