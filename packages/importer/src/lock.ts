import { printable } from '@openenv-ts/core/host'
import type { EntryPoint, SessionPlan } from './importer.ts'
import type { NotFollowed } from './requirements/requirement-lines.ts'
import type { VariablePlan } from './sessions/variables.ts'
import type { Finding } from './source/finding.ts'
import type { LeftOut } from './source/left-out.ts'
import { REQUIREMENTS } from './generate/python-wrapper.ts'
import { isPackagePath } from './package-folder.ts'

/** The file that says what a package was imported from. */
export const LOCK_FILE = 'import.lock.json'

const VERSION = 1
/** Of what is said of a source: a message may name something of it that is endless. */
const MOST_CHARACTERS = 2000

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
  /** The same of what was copied from the source. Lock files of earlier releases lack it. */
  readonly copied?: Readonly<Record<string, string>>
  /** Versions that the index gave on the day of the import; null where nothing was resolved. */
  readonly resolved: Readonly<Record<string, string>> | null
  /** Packages without a wheel: installing them runs code of theirs, so the first start asks before. */
  readonly needs_build: readonly string[]
  /** SHA-256 of the resolved requirements, as they were written; absent where the package has none. */
  readonly resolved_sha256?: string
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
    ...(lock.copied === undefined ? {} : { copied: lock.copied }),
    resolved: lock.resolved,
    needs_build: lock.needs_build,
    ...(lock.resolved_sha256 === undefined ? {} : { resolved_sha256: lock.resolved_sha256 }),
  }
  return `${JSON.stringify(ordered, null, 2)}\n`
}

function placeOf({ module, name, file, line, kind }: EntryPoint): EntryPoint {
  return { module, name, file, line, kind }
}

function findingOf({ file, line, message }: Finding): Finding {
  return { file, line, message: printable(message, MOST_CHARACTERS) }
}

/** SHA-256 of every file as the import wrote it, by path; the lock file itself is not among them. */
export function recordedHashes({
  generated,
  copied = {},
  resolved_sha256: resolved,
}: ImportLock): ReadonlyMap<string, string> {
  return new Map([
    ...Object.entries(generated),
    ...Object.entries(copied),
    ...(resolved === undefined ? [] : [[REQUIREMENTS.resolved, resolved] as const]),
  ])
}

/**
 * Reads a lock file, which others may have written; null where the text is not one of this version, or names a file
 * that is not the package's own.
 */
export function readLock(text: string): ImportLock | null {
  try {
    const lock = JSON.parse(text) as Partial<ImportLock> | null
    const complete =
      lock?.lock_version === VERSION &&
      typeof lock.importer?.type === 'string' &&
      typeof lock.entry_point?.module === 'string' &&
      typeof lock.entry_point.name === 'string' &&
      isRecordOfTexts(lock.generated) &&
      isRecordOfTexts(lock.copied ?? {}) &&
      (lock.resolved === null || isRecordOfTexts(lock.resolved)) &&
      isTexts(lock.needs_build) &&
      ['string', 'undefined'].includes(typeof lock.resolved_sha256) &&
      Object.keys({ ...lock.generated, ...lock.copied }).every(isPackagePath)
    return complete ? (lock as ImportLock) : null
  } catch {
    return null
  }
}

function isRecordOfTexts(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isTexts(Object.values(value))
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}
