import type { Detection, EntryPoint, EnvironmentImporter } from './importer.ts'
import { ImportRefusal } from './refusal.ts'
import { shown, someOf } from './source/shown.ts'

/** What one importer sees in a source. */
export interface Sighting {
  readonly importer: EnvironmentImporter
  readonly detection: Detection
}

/** The one entry point that is imported, and by whom. */
export interface Selection extends Sighting {
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
    `There is no importer for sources of the type ${JSON.stringify(shown(type))}: there are ${known.join(', ')}.`,
    known,
  )
}

/**
 * The entry point to import: the only one, or the one that `--env-class` names, a base too [IM-25].
 *
 * @param envClass - `Class` or `module:Class`.
 * @throws ImportRefusal where there is none, or there are several: of types first, then of entry points [IM-2].
 */
export function selectEntryPoint(sightings: readonly Sighting[], envClass: string | undefined): Selection {
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
    throw envClass === undefined ? nothing(sightings) : unknown(envClass, [...seen, ...bases])
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
      `There are several environments: choose one with --env-class ${someOf(names)}.`,
      names,
    )
  }
  return only
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

function nothing(sightings: readonly Sighting[]): ImportRefusal {
  const types = sightings.map(({ importer }) => importer.sourceType)
  const bases = sightings.flatMap(({ detection }) => detection.bases)
  if (bases.length > 0) {
    const names = bases.map(nameOf)
    const [first] = bases
    return new ImportRefusal(
      'NOTHING_FOUND',
      `There is no environment that is complete, only ${someOf(names)} (${shown(first?.why ?? '')}); --env-class takes one all the same.`,
      names,
    )
  }
  const unread = new Set(
    sightings.flatMap(({ detection }) =>
      detection.findings.filter(({ file }) => file.endsWith('.py')).map(({ file }) => file),
    ),
  )
  const hint = unread.size === 0 ? '' : ` There are findings in ${someOf([...unread].sort(), 3)}.`
  return new ImportRefusal(
    'NOTHING_FOUND',
    `There is no environment of the type ${types.join(' or ')} in the source.${hint}`,
  )
}

function unknown(envClass: string, seen: readonly Selection[]): ImportRefusal {
  const names = seen.map(({ entryPoint }) => nameOf(entryPoint))
  return new ImportRefusal(
    'UNKNOWN_ENTRY_POINT',
    `There is no environment ${JSON.stringify(shown(envClass))} in the source: ${names.length === 0 ? 'there is none' : `there are ${someOf(names)}`}.`,
    names,
  )
}
