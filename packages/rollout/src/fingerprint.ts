import { createHash } from 'node:crypto'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { parse as Parse } from 'es-module-lexer'
import { sha256 } from './chain.ts'
import { RolloutError } from './rollout-error.ts'

/** What an environment was made of: equal code and equal dependencies have equal hashes [RR-14]. */
export interface Fingerprint {
  /** SHA-256 over names and contents: a package's published files, or a file and all that it imports by relative paths. */
  readonly files: string
  /** SHA-256 of the nearest lock file of a package manager, in the folder or above; null where there is none. */
  readonly lock: string | null
}

/** Lock files of package managers. In one folder the first that is there counts. */
const LOCKS = ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock']

/**
 * Says what an environment is made of, without running any of it. Files are named relative to the folder of what was
 * given, so that a copy elsewhere has the same hash.
 *
 * What a module reads from disk while it runs is not seen; give the package's folder where that matters.
 *
 * @param environment - The folder of a package, a file, or a URL. Whose URL is `file:` counts as the file.
 * @returns Null for any other URL: what runs there is not known.
 * @throws RolloutError `INVALID_OPTION` for what is not there, a folder without a `package.json`, and a module that cannot
 * be read.
 */
export async function fingerprint(environment: string | URL): Promise<Fingerprint | null> {
  const path = pathOf(environment)
  if (path === null) return null
  const place = await realpath(path).catch((cause: unknown) => {
    throw new RolloutError('INVALID_OPTION', `There is nothing at ${path}.`, { cause })
  })
  const isFolder = (await stat(place)).isDirectory()
  const root = isFolder ? place : dirname(place)
  const files = isFolder ? await publishedFiles(root) : await importedFiles(place)
  const rows = await Promise.all(
    files.map(async (file) => `${portable(relative(root, file))}\0${await hashOf(file)}\n`),
  )
  return { files: sha256(rows.sort().join('')), lock: await lockOf(root) }
}

function pathOf(environment: string | URL): string | null {
  const text = String(environment)
  if (text.startsWith('file:')) return fileURLToPath(text)
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? null : resolve(text)
}

/** What npm publishes whatever a package says, and what it never does. */
const ALWAYS = ['/package.json', '/README*', '/LICENSE*', '/LICENSE*']
const NEVER = ['node_modules', '.git', '.npmrc', '.DS_Store', 'package-lock.json', '*.orig', '.*.swp']

/** What `npm publish` packs: the patterns of `files`, else everything that `.npmignore` or `.gitignore` leaves in. */
async function publishedFiles(root: string): Promise<readonly string[]> {
  const { default: ignore } = await import('ignore')
  const text = (name: string): Promise<string | null> => readFile(join(root, name), 'utf8').catch(() => null)
  const files = filesOf(root, await text('package.json'))
  const fromRoot = (patterns: readonly string[]): readonly string[] =>
    patterns.map((pattern) => pattern.replace(/^!/, '').replace(/^\.?\/?(?=.)/, '/'))
  const excludes = (pattern: string): boolean => pattern.startsWith('!')
  // Patterns are of one grammar; those of `files` choose, where those of an ignore file leave out.
  const chosen = ignore().add(files === null ? '*' : fromRoot(files.filter((each) => !excludes(each))))
  const leftOut = ignore().add(
    files === null
      ? ((await text('.npmignore')) ?? (await text('.gitignore')) ?? '')
      : fromRoot(files.filter(excludes)),
  )
  const always = ignore().add(ALWAYS)
  const never = ignore().add(NEVER)
  const packed = (name: string): boolean =>
    always.ignores(name) || (chosen.ignores(name) && !leftOut.ignores(name))
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => portable(relative(root, join(entry.parentPath, entry.name))))
    .filter((name) => packed(name) && !never.ignores(name))
    .map((name) => join(root, name))
}

function filesOf(root: string, manifest: string | null): readonly string[] | null {
  try {
    const { files = null } = JSON.parse(manifest ?? '') as { readonly files?: readonly string[] | null }
    return files
  } catch (cause) {
    throw new RolloutError('INVALID_OPTION', `${root} has no package.json that can be read.`, { cause })
  }
}

/** A module and everything that it reaches by relative imports, types included. */
async function importedFiles(entry: string): Promise<readonly string[]> {
  // Loaded here, so that a rollout that wants no fingerprint does not wait for them.
  const { init, parse } = await import('es-module-lexer')
  await init()
  const found = new Set<string>()
  const visit = async (file: string): Promise<void> => {
    if (found.has(file)) return
    found.add(file)
    if (!/\.[cm]?[jt]sx?$/.test(file)) return
    for (const specifier of specifiersOf(parse, file, await readFile(file, 'utf8'))) {
      const imported = await resolved(dirname(file), specifier)
      // A path that leads nowhere fails when it is imported, and not here.
      if (imported !== null) await visit(imported)
    }
  }
  await visit(entry)
  return [...found]
}

function specifiersOf(parse: typeof Parse, file: string, source: string): readonly string[] {
  try {
    const [imports] = parse(source)
    return imports.flatMap(({ specifier }) => (specifier?.startsWith('.') === true ? [specifier] : []))
  } catch (cause) {
    throw new RolloutError('INVALID_OPTION', `The imports of ${file} cannot be read.`, { cause })
  }
}

const ENDINGS = ['', '.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.jsx', '.json']

/** The file that a relative import means: as written, with an ending, the source of a `.js`, or the index of a folder. */
async function resolved(from: string, specifier: string): Promise<string | null> {
  const path = join(from, specifier.replace(/[?#].*$/, ''))
  const source = path.replace(/\.([cm]?)js(x?)$/, '.$1ts$2')
  const names = [...ENDINGS.map((ending) => path + ending), source]
  for (const name of [...names, ...ENDINGS.map((ending) => join(path, `index${ending}`))]) {
    const is = await stat(name).catch(() => null)
    if (is?.isFile() === true) return realpath(name)
  }
  return null
}

async function lockOf(root: string): Promise<string | null> {
  for (let folder = root; ; folder = dirname(folder)) {
    for (const name of LOCKS) {
      const hash = await hashOf(join(folder, name)).catch(() => null)
      if (hash !== null) return hash
    }
    if (dirname(folder) === folder) return null
  }
}

async function hashOf(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
}

function portable(path: string): string {
  return path.split(sep).join('/')
}
