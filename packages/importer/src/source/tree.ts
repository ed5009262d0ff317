import { isUtf8 } from 'node:buffer'
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
  type Dirent,
} from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { OpenEnvError } from '@openenv-ts/core'
import ignore, { type Ignore } from 'ignore'
import type { Finding } from './finding.ts'
import {
  BUILD,
  ENVIRONMENT_MARKERS,
  FIRST_BYTES,
  whyNotContent,
  whyNotDirectory,
  whyNotFile,
  type LeftOut,
} from './left-out.ts'

/** A file of a source. */
export interface SourceFile {
  /** Relative to the source, `/` between names. */
  readonly path: string
  readonly bytes: number
}

/** What a source consists of: its own files, and what was left out of it. Both sorted by path. */
export interface SourceTree {
  /** Absolute, links resolved. Never part of any output. */
  readonly root: string
  readonly files: readonly SourceFile[]
  readonly leftOut: readonly LeftOut[]
  readonly findings: readonly Finding[]
  /** Whether a path is one of `files`. */
  has(path: string): boolean
  /** The bytes of one of `files`. Throws what the file system throws. */
  read(path: string): Buffer
}

/** Names, in gitignore's syntax, what of a source is not taken along. */
export const IGNORE_FILE = '.openenvignore'

/**
 * Lists what a source consists of. Reads names, sizes, its `.openenvignore`, and the first bytes of each
 * file, by which a private key is known; follows no link.
 *
 * @throws OpenEnvError VALIDATION_ERROR where `source` is not a readable directory.
 */
export function readTree(source: string): SourceTree {
  const root = rootOf(source)
  const files: SourceFile[] = []
  const leftOut: LeftOut[] = []
  const findings: Finding[] = []
  const { ignored, found } = ignoreRules(root)
  findings.push(...found)

  const pending = ['']
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const directory = at
    let entries: Dirent[]
    try {
      entries = readdirSync(join(root, directory), { withFileTypes: true })
    } catch (error) {
      leftOut.push({ path: directory, why: `cannot be read (${codeOf(error)})` })
      continue
    }
    if (directory !== '' && entries.some(({ name }) => ENVIRONMENT_MARKERS.has(name))) {
      leftOut.push({ path: directory, why: 'a virtual environment' })
      continue
    }
    for (const entry of entries) {
      const path = directory + entry.name
      const why = whyNot(root, path, entry, ignored)
      if (why !== null) leftOut.push({ path: entry.isDirectory() ? `${path}/` : path, why })
      else if (entry.isDirectory()) pending.push(`${path}/`)
      else {
        try {
          files.push({ path, bytes: lstatSync(join(root, path)).size })
        } catch (error) {
          leftOut.push({ path, why: `cannot be read (${codeOf(error)})` })
        }
      }
    }
  }
  const paths = new Set(files.map(({ path }) => path))
  return {
    root,
    files: files.sort(byPath),
    leftOut: leftOut.sort(byPath),
    findings,
    has: (path) => paths.has(path),
    read: (path) => readFileSync(join(root, path)),
  }
}

/** Orders by code units: the same on every machine, whatever its language. */
export function byPath(one: { readonly path: string }, other: { readonly path: string }): number {
  return one.path < other.path ? -1 : one.path > other.path ? 1 : 0
}

function rootOf(source: string): string {
  try {
    const root = realpathSync(source)
    if (statSync(root).isDirectory()) return root
  } catch (error) {
    throw new OpenEnvError('VALIDATION_ERROR', `${source} cannot be read (${codeOf(error)}).`, {
      cause: error,
    })
  }
  throw new OpenEnvError('VALIDATION_ERROR', `${source} is not a directory.`)
}

function whyNot(root: string, path: string, entry: Dirent, ignored: Ignore): string | null {
  // What a name that is not UTF-8 decodes to; such a file cannot be named in a lock file either.
  if (entry.name.includes('\uFFFD')) return 'its name is not UTF-8'
  if (entry.isSymbolicLink()) return whyNotLink(root, path)
  if (entry.isDirectory()) {
    const { ignored: isIgnored, unignored } = ignored.test(`${path}/`)
    const why = whyNotDirectory(entry.name, basename(dirname(path)))
    // A folder of data may be called `build`: a line `!build/` takes it along.
    if (why !== null && !(why === BUILD && unignored)) return why
    return isIgnored ? IGNORE_FILE : null
  }
  // A pipe would hold its reader up for ever.
  if (!entry.isFile()) return 'not a plain file'
  return (
    whyNotFile(entry.name) ??
    (ignored.ignores(path) ? IGNORE_FILE : null) ??
    whyNotContent(beginningOf(join(root, path)))
  )
}

/** The first bytes of a file; none where it cannot be read, which whoever reads it says. */
function beginningOf(file: string): Uint8Array {
  const bytes = Buffer.alloc(FIRST_BYTES)
  try {
    const opened = openSync(file, 'r')
    try {
      return bytes.subarray(0, readSync(opened, bytes, 0, FIRST_BYTES, 0))
    } finally {
      closeSync(opened)
    }
  } catch {
    return bytes.subarray(0, 0)
  }
}

function whyNotLink(root: string, path: string): string {
  let target: string
  try {
    target = relative(root, realpathSync(join(root, path)))
  } catch (error) {
    const code = codeOf(error)
    return code === 'ELOOP' ? 'a link that loops' : code === 'ENOENT' ? 'a dangling link' : `a link (${code})`
  }
  if (target === '..' || target.startsWith(`..${sep}`) || target === join(root, path))
    return 'a link out of the source'
  const inside = target.split(sep).join('/')
  return `${path}/`.startsWith(inside === '' ? '' : `${inside}/`)
    ? 'a link that loops'
    : `a link to ${inside}, which is taken from its own place`
}

function ignoreRules(root: string): { readonly ignored: Ignore; readonly found: readonly Finding[] } {
  const ignored = ignore()
  const unread = (message: string): ReturnType<typeof ignoreRules> => ({
    ignored,
    found: [{ file: IGNORE_FILE, line: null, message }],
  })
  try {
    if (!lstatSync(join(root, IGNORE_FILE)).isFile())
      return unread('Not a plain file, so nothing of it holds.')
    const bytes = readFileSync(join(root, IGNORE_FILE))
    if (!isUtf8(bytes)) return unread('Not UTF-8, so nothing of it holds.')
    const text = bytes.toString('utf8')
    requireCheap(text)
    return { ignored: ignored.add(text), found: [] }
  } catch (error) {
    if (error instanceof OpenEnvError) throw error
    return codeOf(error) === 'ENOENT'
      ? { ignored, found: [] }
      : unread(`It cannot be read (${codeOf(error)}).`)
  }
}

/** What a list may hold: its patterns go back and forth over every name of the source, for each `*` once more. */
const MOST_PATTERNS = 1000

/** Refuses a list that would take long. To ignore it instead would copy what its author wants left out. */
function requireCheap(text: string): void {
  const patterns = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const refuse = (what: string): never => {
    throw new OpenEnvError('VALIDATION_ERROR', `${IGNORE_FILE} ${what}`)
  }
  if (patterns.length > MOST_PATTERNS) refuse(`may have ${String(MOST_PATTERNS)} patterns: name folders.`)
  for (const pattern of patterns) {
    if (pattern.length > 1000) refuse('has a pattern of more than 1,000 characters.')
    const segments = pattern.split('/')
    const all = segments.filter((segment) => segment === '**').length
    const most = Math.max(...segments.map((segment) => segment.split('*').length - 1))
    if (all > 2 || most > 2)
      refuse(`has a pattern with too many "*": two in a name, and two "**", are what it may have.`)
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
