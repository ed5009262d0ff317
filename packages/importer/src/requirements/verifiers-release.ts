import { compare, satisfies } from '@renovatebot/pep440'
import type { Finding } from '../source/finding.ts'
import type { LibraryUse } from '../python/library-uses.ts'
import { ImportRefusal } from '../refusal.ts'
import type { LibraryNeed } from './needs.ts'
import { specifierText, type VersionClause } from './specifier.ts'
import {
  CLASSIC_DIFFERENCES,
  CLASSIC_RELEASES,
  TASKSETS_DIFFERENCES,
  TASKSETS_RELEASES,
} from './verifiers-surface.ts'

/** What of a source says which release of verifiers it was written for. */
export interface ReleaseQuestion {
  /** `classic`: a `load_environment`. `first`: one over the first `verifiers.v1`. `tasksets`: a Taskset of today's. */
  readonly generation: 'classic' | 'first' | 'tasksets'
  /** What the source itself requires of verifiers. */
  readonly stated: readonly VersionClause[]
  readonly uses: readonly LibraryUse[]
  /** Where it writes rows with a text in the column `task`. */
  readonly textTask: { readonly file: string; readonly line: number } | null
}

interface Generation {
  readonly releases: readonly string[]
  readonly differences: Readonly<Record<string, string>>
  /** The first version that is another generation; null where it is today's. */
  readonly before: string | null
}

const GENERATIONS: Readonly<Record<ReleaseQuestion['generation'], Generation>> = {
  classic: { releases: CLASSIC_RELEASES, differences: CLASSIC_DIFFERENCES, before: '0.4' },
  first: { releases: ['0.1.14'], differences: {}, before: '0.1.15' },
  tasksets: { releases: TASKSETS_RELEASES, differences: TASKSETS_DIFFERENCES, before: null },
}

/** From here on rows with a text in the column `task` are refused. */
const NO_TEXT_TASKS = '0.1.13'
/** The first release that needs Python 3.11. */
const NEWER_PYTHON = '0.2'

/**
 * Bounds on verifiers for a source: the releases that can be played here, that its requirements allow, and that have what it
 * uses. The newest of them is what the index gives.
 *
 * @throws ImportRefusal where its requirements leave none that can be played.
 */
export function verifiersRelease(
  question: ReleaseQuestion,
): LibraryNeed & { readonly findings: readonly Finding[] } {
  const { generation, stated, uses, textTask } = question
  const { releases } = GENERATIONS[generation]
  const allowed = releases.filter((release) => allows(stated, release))
  if (allowed.length === 0) {
    if (!isBetween(stated, generation)) throw outside(question)
    return need(releases, question, [])
  }
  const lacking = uses
    .map((use) => ({ use, having: havingOf(use.name, generation) }))
    .filter(({ having }) => having !== null && !allowed.every((release) => having.has(release)))
  const withNames = allowed.filter((release) => lacking.every(({ having }) => having?.has(release) !== false))
  const findings: Finding[] = []
  for (const { use, having } of lacking) {
    const some = allowed.some((release) => having?.has(release))
    findings.push({
      file: use.file,
      line: use.line,
      message: some
        ? `It uses ${use.name}, which not every release of verifiers has: ${[...(having ?? [])].join(', ')} do.`
        : `It uses ${use.name}, which no release of verifiers that it allows has.`,
    })
  }
  const named = withNames.length > 0 ? withNames : allowed
  const withTexts = named.filter((release) => textTask === null || compare(release, NO_TEXT_TASKS) < 0)
  if (textTask !== null && withTexts.length < named.length) {
    findings.push({
      ...textTask,
      message:
        withTexts.length > 0
          ? `It writes rows with a text in the column task, so verifiers before ${NO_TEXT_TASKS} is taken: later ones refuse them.`
          : `It writes rows with a text in the column task, which the releases of verifiers that it allows refuse.`,
    })
  }
  return need(withTexts.length > 0 ? withTexts : named, question, findings)
}

function need(
  fitting: readonly string[],
  { generation }: ReleaseQuestion,
  findings: readonly Finding[],
): LibraryNeed & { readonly findings: readonly Finding[] } {
  const { releases: all, before } = GENERATIONS[generation]
  const [oldest = '', newest = oldest] = [fitting[0], fitting.at(-1)]
  const next = all[all.indexOf(newest) + 1] ?? before
  const between = all.filter(
    (release) => compare(release, oldest) > 0 && compare(release, newest) < 0 && !fitting.includes(release),
  )
  const bounds =
    generation === 'first'
      ? `==${oldest}`
      : [`>=${oldest}`, ...(next === null ? [] : [`<${next}`]), ...between.map((each) => `!=${each}`)].join(
          ',',
        )
  const python = compare(newest, NEWER_PYTHON) < 0 ? '>=3.10' : '>=3.11'
  return {
    package: 'verifiers',
    bounds,
    requiresPython: `${python},${generation === 'tasksets' ? '<3.15' : '<3.14'}`,
    findings,
  }
}

/** The releases that have a name, by the first part of it that not all of them have; null where all have it, or none is known to. */
function havingOf(name: string, generation: ReleaseQuestion['generation']): ReadonlySet<string> | null {
  const parts = name.split('.').slice(1)
  const known = differencesOf(generation)
  const sets = parts.flatMap((_, at) => known.get(parts.slice(0, at + 1).join('.')) ?? [])
  const [first, ...rest] = sets
  return first === undefined
    ? null
    : new Set([...first].filter((release) => rest.every((each) => each.has(release))))
}

const read = new Map<string, ReadonlyMap<string, ReadonlySet<string>>>()

function differencesOf(generation: ReleaseQuestion['generation']): ReadonlyMap<string, ReadonlySet<string>> {
  const known = read.get(generation)
  if (known !== undefined) return known
  const names = new Map(
    Object.entries(GENERATIONS[generation].differences).flatMap(([releases, text]) =>
      text.split(' ').map((name) => [name, new Set(releases.split(' '))] as const),
    ),
  )
  read.set(generation, names)
  return names
}

function allows(stated: readonly VersionClause[], release: string): boolean {
  return stated.length === 0 || satisfies(release, specifierText(stated), { prereleases: true })
}

/** Whether requirements allow a version in the range that is no release: a development version, or one that is newer. */
function isBetween(stated: readonly VersionClause[], generation: ReleaseQuestion['generation']): boolean {
  const { releases, before } = GENERATIONS[generation]
  const [oldest = ''] = releases
  const tried = [
    ...stated.map(({ version }) => version.replace(/\.\*$/, '')),
    ...['0.4.1.dev0', '0.4.1', '0.5', '1', '99'],
  ]
  return tried.some(
    (version) =>
      compare(version, oldest) >= 0 &&
      (before === null || compare(version, before) < 0) &&
      allows(stated, version),
  )
}

function outside({ generation, stated }: ReleaseQuestion): ImportRefusal {
  const range = { classic: '0.1.11 to 0.3.1', first: '0.1.14', tasksets: '0.3.1 and later' }[generation]
  const what = {
    classic: 'a load_environment',
    first: 'a load_environment over Tasksets of the first verifiers.v1',
    tasksets: 'a Taskset',
  }[generation]
  return new ImportRefusal(
    'UNSUPPORTED_VERSION',
    `The source requires verifiers${specifierText(stated)}, and ${what} is played with verifiers ${range}: change its requirement if it runs with one of these.`,
  )
}
