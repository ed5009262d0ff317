import type { Detection, EntryPoint, EnvironmentImporter } from './importer.ts'
import { ImportRefusal } from './refusal.ts'
import { printable } from '@openenv-ts/core/host'
import { findingLine, type Finding } from './source/finding.ts'
import { someOf } from './source/some-of.ts'

/** What one importer sees in a source. */
export interface DetectedSource {
  readonly importer: EnvironmentImporter
  readonly detection: Detection
}

/** The one entry point that is imported, and by whom. */
export interface Selection extends DetectedSource {
  readonly entryPoint: EntryPoint
}

/**
 * The importers that `--type` leaves.
 *
 * @throws ImportRefusal
 */
export function importersOf(
  importers: readonly EnvironmentImporter[],
  type: string | undefined,
): readonly EnvironmentImporter[] {
  if (type === undefined) return importers
  const chosen = importers.filter(({ sourceType }) => sourceType === type)
  if (chosen.length > 0) return chosen
  const known = importers.map(({ sourceType }) => sourceType)
  throw new ImportRefusal(
    'UNKNOWN_TYPE',
    `There is no importer for sources of the type ${JSON.stringify(printable(type))}: there are ${known.join(', ')}.`,
    known,
  )
}

/**
 * The entry point to import: the only one, or the one that `--env-class` names, a base too [IM-25].
 *
 * @param envClass - `Class` or `module:Class`.
 * @param unread - What was found about files that could not be read: where nothing is found, they may be why.
 * @throws ImportRefusal where there is none, or there are several: of types first, then of entry points [IM-2].
 */
export function selectEntryPoint(
  sightings: readonly DetectedSource[],
  envClass: string | undefined,
  unread: readonly Finding[] = [],
): Selection {
  const seen = sightings.flatMap((sighting) =>
    sighting.detection.entryPoints.map((entryPoint) => ({ ...sighting, entryPoint })),
  )
  const bases = sightings.flatMap((sighting) =>
    sighting.detection.bases.map((entryPoint) => ({ ...sighting, entryPoint })),
  )
  const found =
    envClass === undefined
      ? seen
      : [...seen, ...bases].filter(({ entryPoint }) => isNamed(entryPoint, envClass))
  if (found.length === 0)
    throw envClass === undefined ? nothing(sightings, unread) : unknown(envClass, [...seen, ...bases])
  const types = [...new Set(found.map(({ importer }) => importer.sourceType))].sort()
  if (types.length > 1) {
    throw new ImportRefusal(
      'SEVERAL_TYPES',
      `There are environments of several types: choose one with --type ${types.join(' or --type ')}.`,
      types,
    )
  }
  const [only, another] = found
  if (only === undefined || another !== undefined) {
    const names = found.map(({ entryPoint }) => nameOf(entryPoint))
    throw new ImportRefusal(
      'SEVERAL_ENTRY_POINTS',
      `There are several environments: choose one with --env-class ${someOf(names)}${foldersOf(found)}.`,
      names,
    )
  }
  return only
}

/** Where each has a folder to itself, as in a repository of many, that folder is the better source: its project file holds. */
function foldersOf(found: readonly Selection[]): string {
  const folders = new Set(
    found.map(({ entryPoint: { file } }) => file.slice(0, Math.max(0, file.lastIndexOf('/')))),
  )
  return folders.size > 1 && !folders.has('') ? `, or import its folder: ${someOf([...folders].sort())}` : ''
}

/** An entry point as `--env-class` takes it. */
export function nameOf({ module, name }: EntryPoint): string {
  return `${module}:${name}`
}

function isNamed(entryPoint: EntryPoint, wanted: string): boolean {
  return (
    wanted === entryPoint.name ||
    wanted === nameOf(entryPoint) ||
    wanted === `${entryPoint.module}.${entryPoint.name}`
  )
}

function nothing(sightings: readonly DetectedSource[], unread: readonly Finding[]): ImportRefusal {
  const types = sightings.map(({ importer }) => importer.sourceType)
  const bases = sightings.flatMap(({ detection }) => detection.bases)
  if (bases.length > 0) {
    const names = bases.map(nameOf)
    const [first] = bases
    return new ImportRefusal(
      'NOTHING_FOUND',
      `There is no environment that is complete, only ${someOf(names)} (${printable(first?.why ?? '')}); --env-class takes one of them.`,
      names,
    )
  }
  const found = [...unread, ...sightings.flatMap(({ detection }) => detection.findings)].map(findingLine)
  const some =
    found.slice(0, 3).join(' ') + (found.length > 3 ? ` And ${String(found.length - 3)} more.` : '')
  const hint = found.length === 0 ? '' : ` What was found: ${some}`
  return new ImportRefusal(
    'NOTHING_FOUND',
    `There is no environment of the type ${types.join(' or ')} in the source.${hint}`,
  )
}

function unknown(envClass: string, seen: readonly Selection[]): ImportRefusal {
  const names = seen.map(({ entryPoint }) => nameOf(entryPoint))
  return new ImportRefusal(
    'UNKNOWN_ENTRY_POINT',
    `There is no environment ${JSON.stringify(printable(envClass))} in the source: ${names.length === 0 ? 'there is none' : `there are ${someOf(names)}`}.`,
    names,
  )
}
