import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installerEnvironment } from '@openenv-ts/core/node'
import { satisfies } from '@renovatebot/pep440'
import type { PythonNeeds } from './importer.ts'
import { normalName, parseRequirement } from './requirements/pep508.ts'
import { printable } from '@openenv-ts/core/host'

/** Requirements as an index resolved them on some day. */
export interface Resolution {
  /** Pinned requirements, one a line; what needs a build stands there as it was stated. */
  readonly text: string
  /** Versions by package; several where platforms or versions of Python differ. */
  readonly versions: Readonly<Record<string, string>>
  /** Packages that have no wheel, so that installing them runs code of theirs [IM-30]. Sorted. */
  readonly needsBuild: readonly string[]
  /** SHA-256 of the file that it was first written to, where it is that of an earlier import. */
  readonly recordedHash?: string
}

/** That requirements could not be resolved; the message says why in one line. */
export class ResolutionError extends Error {
  override readonly name = 'ResolutionError'
}

const SECONDS = 300
/** A source with more packages without wheels than this has another fault. */
const MOST_WITHOUT_WHEEL = 20

/**
 * Resolves requirements with `uv pip compile`, for every platform and from the oldest Python that is allowed.
 *
 * Nothing is built, so nothing of a package runs. Nothing of a source reaches uv but names and versions: it runs in an
 * empty folder, reads no configuration file, and gets an environment without secrets.
 *
 * @returns Null where uv is not installed.
 * @throws ResolutionError when there is no resolution; the signal's reason.
 */
export async function resolveRequirements(
  { requires, requirements }: PythonNeeds,
  signal?: AbortSignal,
): Promise<Resolution | null> {
  signal?.throwIfAborted()
  const folder = await mkdtemp(join(tmpdir(), 'openenv-lock-'))
  const needsBuild = new Set<string>()
  try {
    for (;;) {
      const compiled = await compile({
        requirements,
        python: oldestPython(requires),
        folder,
        needsBuild,
        signal,
      })
      if (compiled === null) return null
      if ('text' in compiled) return resolutionOf(compiled.text, requirements, needsBuild)
      const without = packageWithoutWheel(compiled.stderr)
      if (without === null || needsBuild.has(without) || needsBuild.size === MOST_WITHOUT_WHEEL)
        throw new ResolutionError(whyNot(compiled.stderr, compiled.killed))
      needsBuild.add(without)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What was resolved, and what needs a build: by the source's own words, or by its name where another package needs it. */
function resolutionOf(
  text: string,
  requirements: readonly string[],
  needsBuild: ReadonlySet<string>,
): Resolution {
  const built = [...needsBuild].sort().flatMap((name) => {
    const stated = requirements.filter((line) => packageOf(line) === name)
    return stated.length > 0 ? stated : [name]
  })
  const lines = built.map((line) => `${line}\n`).join('')
  return { text: text + lines, versions: versionsOf(text), needsBuild: [...needsBuild].sort() }
}

function packageOf(line: string): string {
  return normalName(/^[A-Za-z0-9._-]+/.exec(line)?.[0] ?? '')
}

/** The package that keeps uv from a resolution since it would have to be built. */
function packageWithoutWheel(stderr: string): string | null {
  const [, name] =
    /Wheels are required for `([A-Za-z0-9._-]+)`/.exec(stderr) ??
    /\b([A-Za-z0-9._-]+?)(?:[<>=!~][^\s]*)? has no (?:usable )?wheels/.exec(stderr) ??
    []
  return name === undefined ? null : normalName(name)
}

interface Compilation {
  readonly requirements: readonly string[]
  readonly python: string
  readonly folder: string
  readonly needsBuild: ReadonlySet<string>
  readonly signal: AbortSignal | undefined
}

type Compiled =
  { readonly text: string } | { readonly stderr: string; readonly killed: NodeJS.Signals | null } | null

async function compile(compilation: Compilation): Promise<Compiled> {
  const { requirements, python, folder, needsBuild, signal } = compilation
  const options = ['--universal', '--python-version', python, '--no-build']
  const output = ['--no-header', '--no-annotate', '--no-config', '--quiet']
  if (needsBuild.size > 0) {
    await writeFile(join(folder, 'without-wheel.txt'), [...needsBuild].join('\n'))
    options.push('--excludes', 'without-wheel.txt')
  }
  return new Promise((resolve, reject) => {
    const child = spawn('uv', ['pip', 'compile', '-', ...options, ...output], {
      cwd: folder,
      env: installerEnvironment(process.env),
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: SECONDS * 1000,
      ...(signal === undefined ? {} : { signal }),
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
    // uv may be gone before it has read everything; how it ended says why.
    child.stdin.on('error', () => undefined)
    child.stdin.end(`${requirements.join('\n')}\n`)
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve(null)
      else reject(signal?.aborted === true ? (signal.reason as Error) : error)
    })
    child.once('close', (code, killed) => {
      if (code === 0) resolve({ text: stdout })
      else if (signal?.aborted !== true) resolve({ stderr, killed })
    })
  })
}

function whyNot(stderr: string, killed: NodeJS.Signals | null): string {
  if (killed !== null) return `uv found no versions within ${String(SECONDS)} seconds`
  const words = stderr
    .replaceAll(/\s+/g, ' ')
    .replace(/^ ?error: /, '')
    .replace(/ hint: .*$/, '')
    .trim()
  const cause = /No solution found when resolving dependencies:?.*?(Because .*)/.exec(words)?.[1] ?? words
  return cause === '' ? 'uv gave no reason' : printable(cause)
}

/** The oldest `3.minor` from 3.11 on that a specifier allows: what runs there runs later, hardly ever the other way round. */
export function oldestPython(requires: string): string {
  const minor = MINORS.find((each) =>
    PATCHES.some((patch) => satisfies(`3.${String(each)}.${String(patch)}`, requires)),
  )
  return `3.${String(minor ?? MINORS[0])}`
}

const MINORS = Array.from({ length: 20 }, (_, at) => 11 + at)
const PATCHES = Array.from({ length: 30 }, (_, at) => at)

/** Package and version of each line of a resolution. */
export function versionsOf(text: string): Readonly<Record<string, string>> {
  const versions = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const requirement = pinned(line)
    if (requirement === null) continue
    const { name, version } = requirement
    const known = versions.get(name)
    if (known === undefined) versions.set(name, [version])
    else if (!known.includes(version)) known.push(version)
  }
  return Object.fromEntries([...versions].map(([name, found]) => [name, found.join(', ')]))
}

/** What a line pins; null for comments, and for what is not pinned. */
function pinned(line: string): { readonly name: string; readonly version: string } | null {
  try {
    const { name, clauses } = parseRequirement(line)
    const [clause] = clauses
    return clauses.length === 1 && clause?.operator === '==' ? { name, version: clause.version } : null
  } catch {
    return null
  }
}
