import type { EntryPoint, SessionPlan } from './importer.ts'
import type { NotFollowed } from './requirements/requirement-lines.ts'
import type { VariablePlan } from './sessions/variables.ts'
import type { Finding } from './source/finding.ts'
import type { LeftOut } from './source/left-out.ts'

/** The file that says what a package was imported from. */
export const LOCK_FILE = 'import.lock.json'

const VERSION = 1

/** What a package was imported from, and how: everything but `resolved` follows from the source [IM-10]. */
export interface ImportLock {
  readonly lock_version: typeof VERSION
  readonly name: string
  readonly source: {
    /** SHA-256 over paths and contents. */
    readonly tree: string
    readonly files: number
    readonly bytes: number
    /** Of git, where the source is the root of a checkout. */
    readonly commit: string | null
    readonly vendored: string
  }
  readonly importer: { readonly type: string; readonly version: string }
  readonly entry_point: EntryPoint
  /** What looks like an environment and is none by itself, and why. */
  readonly bases: readonly (EntryPoint & { readonly why: string })[]
  readonly sessions: SessionPlan
  readonly secrets: readonly string[]
  /** The environment variables that the source reads; `passed` ones are in the wrapper. */
  readonly variables: VariablePlan
  readonly python: { readonly requires: string; readonly requirements: readonly string[] } | null
  /** What the source has from elsewhere than the package index: it was neither looked up nor installed. */
  readonly not_followed: readonly NotFollowed[]
  readonly excluded: readonly LeftOut[]
  readonly findings: readonly Finding[]
  /** SHA-256 of what was generated, by path: tells what was edited since. */
  readonly generated: Readonly<Record<string, string>>
  /** Versions that the index gave on the day of the import; null where nothing was resolved. */
  readonly resolved: Readonly<Record<string, string>> | null
  /** Packages without a wheel: installing them runs code of theirs, so the first start asks before. */
  readonly needs_build: readonly string[]
}

/** The text of the lock file. */
export function lockText(lock: Omit<ImportLock, 'lock_version'>): string {
  const {
    name,
    source,
    importer,
    entry_point,
    bases,
    sessions,
    secrets,
    variables,
    python,
    not_followed,
    excluded,
    findings,
  } = lock
  // Keys in one order and no others: importers may carry more with them.
  const ordered: ImportLock = {
    lock_version: VERSION,
    name,
    source,
    importer,
    entry_point: placeOf(entry_point),
    bases: bases.map((base) => ({ ...placeOf(base), why: base.why })),
    sessions: { mode: sessions.mode, why: sessions.why.map(findingOf) },
    secrets,
    variables: { passed: variables.passed, held: variables.held, refused: variables.refused },
    python: python === null ? null : { requires: python.requires, requirements: python.requirements },
    not_followed: not_followed.map(({ name: each, requirement }) => ({ name: each, requirement })),
    excluded: excluded.map(({ path, why }) => ({ path, why })),
    findings: findings.map(findingOf),
    generated: lock.generated,
    resolved: lock.resolved,
    needs_build: lock.needs_build,
  }
  return `${JSON.stringify(ordered, null, 2)}\n`
}

function placeOf({ module, name, file, line, kind }: EntryPoint): EntryPoint {
  return { module, name, file, line, kind }
}

function findingOf({ file, line, message }: Finding): Finding {
  return { file, line, message }
}

/** Reads a lock file; null where the text is none of this version. */
export function readLock(text: string): ImportLock | null {
  try {
    const lock = JSON.parse(text) as Partial<ImportLock> | null
    const complete =
      lock?.lock_version === VERSION &&
      typeof lock.importer?.type === 'string' &&
      typeof lock.entry_point?.module === 'string' &&
      typeof lock.entry_point.name === 'string' &&
      typeof lock.generated === 'object'
    return complete ? (lock as ImportLock) : null
  } catch {
    return null
  }
}
