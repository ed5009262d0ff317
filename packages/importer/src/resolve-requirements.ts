import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PythonNeeds } from './importer.ts'
import { shown } from './source/shown.ts'

/** Requirements as an index resolved them on some day. */
export interface Resolution {
  /** Pinned requirements, one a line. */
  readonly text: string
  /** Versions by package; several where platforms or versions of Python differ. */
  readonly versions: Readonly<Record<string, string>>
}

/** That requirements could not be resolved; the message says why in one line. */
export class ResolutionError extends Error {
  override readonly name = 'ResolutionError'
}

const SECONDS = 300

/**
 * Resolves requirements with `uv pip compile`, for every platform and from the oldest Python that is allowed.
 *
 * Nothing of a source reaches uv but names and versions: it runs in an empty folder and reads no configuration file.
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
  try {
    const text = await compile(requirements, oldestPython(requires), folder, signal)
    return text === null ? null : { text, versions: versionsOf(text) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function compile(
  requirements: readonly string[],
  python: string,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const options = ['--universal', '--python-version', python]
  const output = ['--no-header', '--no-annotate', '--no-config', '--quiet']
  return new Promise((resolve, reject) => {
    const child = spawn('uv', ['pip', 'compile', '-', ...options, ...output], {
      cwd: folder,
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
      if (code === 0) resolve(stdout)
      else if (signal?.aborted !== true) reject(new ResolutionError(whyNot(stderr, killed)))
    })
  })
}

function whyNot(stderr: string, killed: NodeJS.Signals | null): string {
  if (killed !== null) return `uv found no versions within ${String(SECONDS)} seconds`
  const words = stderr
    .replaceAll(/\s+/g, ' ')
    .replace(/^ ?error: /, '')
    .trim()
  const cause = /No solution found when resolving dependencies:?.*?(Because .*)/.exec(words)?.[1] ?? words
  return cause === '' ? 'uv gave no reason' : shown(cause)
}

/** The oldest `3.minor` that a specifier allows: what runs there runs later, hardly ever the other way round. */
export function oldestPython(requires: string): string {
  const minors = [...requires.matchAll(/(>=|~=|===?|>)\s*3\.(\d+)(\.\d+)?/g)].map(
    ([, operator, minor, patch]) =>
      operator === '>' && patch === undefined ? Number(minor) + 1 : Number(minor),
  )
  return `3.${String(Math.max(11, ...minors))}`
}

/** Package and version of each line of a resolution. */
export function versionsOf(text: string): Readonly<Record<string, string>> {
  const versions = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [, name, version] = /^([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)/.exec(line) ?? []
    if (name === undefined || version === undefined) continue
    const known = versions.get(name)
    if (known === undefined) versions.set(name, [version])
    else if (!known.includes(version)) known.push(version)
  }
  return Object.fromEntries([...versions].map(([name, found]) => [name, found.join(', ')]))
}
