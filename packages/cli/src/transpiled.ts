import { createHash, randomUUID } from 'node:crypto'
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
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'

/** Entries that are kept; when there are more, all but the newest half are removed. */
const MAX_ENTRIES = 512
/** Write permission of the group and of all others. */
const OTHERS_WRITE = 0o022
/** Any permission of the group and of all others. */
const OTHERS_ANY = 0o077

/**
 * Transpiled modules on the disk: code that is run, so only this user may have written it. They are in the user's own
 * cache directory, `$XDG_CACHE_HOME/openenv/transpiled` or `~/.cache/openenv/transpiled`. A folder or an entry that
 * belongs to somebody else, that others can write to, or that is a link is left alone and not used.
 */
export class TranspiledModules {
  readonly #folder: string | null

  constructor() {
    this.#folder = cacheFolder()
  }

  /**
   * The code that was made of the same input before, else what `make` answers.
   *
   * @param input - All that the code depends on.
   * @param make - Answers null where there is an error, which is not kept.
   */
  codeFor(input: string, make: () => string | null): string | null {
    if (this.#folder === null) return make()
    const key = createHash('sha256').update(input).digest('hex')
    const path = join(this.#folder, `${key}.js`)
    // The first line says what an entry is of, so that none can be passed off as another one.
    const head = `// ${key}\n`
    const kept = readOwn(path)
    if (kept?.startsWith(head) === true) return kept.slice(head.length)
    const code = make()
    if (code !== null) store(this.#folder, path, head + code)
    return code
  }
}

/** The folder, made where it is not there yet; null where there can be none that only this user writes to. */
function cacheFolder(): string | null {
  // On systems without user ids, whose a file is cannot be told.
  const uid = process.getuid?.()
  if (uid === undefined) return null
  try {
    const { XDG_CACHE_HOME: given = '' } = process.env
    const base = isAbsolute(given) ? given : join(homedir(), '.cache')
    // Not in the home of the user who started this with `sudo`.
    if (nearest(base).uid !== uid) return null
    const folder = join(base, 'openenv', 'transpiled')
    // One by one: where none can be made, as below /proc, Node's `recursive` never returns.
    for (const each of [base, dirname(folder), folder]) {
      if (lstatSync(each, { throwIfNoEntry: false }) === undefined) mkdirSync(each, { mode: 0o700 })
    }
    const stats = lstatSync(folder)
    return stats.isDirectory() && stats.uid === uid && (stats.mode & OTHERS_ANY) === 0 ? folder : null
  } catch {
    return null
  }
}

/** What is known of a folder, or of the nearest one above it that exists. */
function nearest(folder: string): Stats {
  return statSync(folder, { throwIfNoEntry: false }) ?? nearest(dirname(folder))
}

/** The text of a file that only this user can have written; null where there is none. */
function readOwn(path: string): string | null {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return null
  }
  try {
    const stats = fstatSync(file)
    const own =
      stats.isFile() &&
      stats.uid === process.getuid?.() &&
      (stats.mode & OTHERS_WRITE) === 0 &&
      // With a second name, it may be writable by way of another folder.
      stats.nlink === 1
    return own ? readFileSync(file, 'utf8') : null
  } catch {
    return null
  } finally {
    closeSync(file)
  }
}

/** An entry appears whole or not at all. What cannot be stored is transpiled again the next time. */
function store(folder: string, path: string, text: string): void {
  const draft = join(folder, `${randomUUID()}.draft`)
  try {
    writeFileSync(draft, text, { flag: 'wx', mode: 0o600 })
    renameSync(draft, path)
    removeOldest(folder)
  } catch {
    rmSync(draft, { force: true })
  }
}

function removeOldest(folder: string): void {
  const names = readdirSync(folder)
  if (names.length <= MAX_ENTRIES) return
  const dated = names.map((name) => {
    const path = join(folder, name)
    return { path, writtenAt: lstatSync(path).mtimeMs }
  })
  dated.sort((a, b) => a.writtenAt - b.writtenAt)
  for (const { path } of dated.slice(0, -MAX_ENTRIES / 2)) rmSync(path, { force: true, recursive: true })
}
