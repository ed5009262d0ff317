import type { FileContent } from '@openenv-ts/scaffold'
import { importedPackage } from './generate/imported-package.ts'
import { commitOf } from './git-commit.ts'
import type { Detection, EnvironmentImporter, GeneratedEnvironment, PythonNeeds, Source } from './importer.ts'
import type { Places } from './places.ts'
import { openProject } from './python/project.ts'
import { ImportFailure, ImportRefusal } from './refusal.ts'
import { ResolutionError, type Resolution } from './resolve-requirements.ts'
import { importersOf, nameOf, selectEntryPoint, type Selection, type DetectedSource } from './selection.ts'
import { findingLine, type Finding } from './source/finding.ts'
import { readTree } from './source/tree.ts'
import { vendorPath, vendorSource } from './vendor.ts'

/** What is imported, and how. */
export interface ImportRequest {
  readonly name: string
  readonly places: Places
  readonly importers: readonly EnvironmentImporter[]
  /** One of the importers' types. */
  readonly type?: string | undefined
  /** `Class` or `module:Class`. */
  readonly envClass?: string | undefined
  /** Resolves the requirements; null: they stay as the source states them. */
  readonly resolve: (needs: PythonNeeds) => Promise<Resolution | null>
  readonly signal?: AbortSignal
}

/** An import in memory: what would be written, and what there is to know about it. */
export interface ImportPlan extends Pick<Selection, 'importer' | 'entryPoint'> {
  readonly name: string
  readonly generated: GeneratedEnvironment
  readonly resolution: Resolution | null
  readonly source: Source
  readonly findings: readonly Finding[]
  /** What looks like an environment and is none by itself [IM-25]. */
  readonly bases: Detection['bases']
  readonly files: ReadonlyMap<string, FileContent>
}

/**
 * Imports a source in memory: detects, generates, copies, resolves. Writes nothing and runs nothing of the source.
 *
 * @throws ImportRefusal where something has to be chosen; ImportFailure where the chosen entry point cannot be imported.
 */
export async function planImport(request: ImportRequest): Promise<ImportPlan> {
  const { name, places, signal } = request
  const importers = importersOf(request.importers, request.type)
  const source = await readSource(places.source)
  const { tree } = source
  const sightings: DetectedSource[] = []
  for (const importer of importers) {
    signal?.throwIfAborted()
    sightings.push({ importer, detection: await importer.detect(source) })
  }
  source.python.checkTheRest()
  const { importer, entryPoint, detection } = selectEntryPoint(
    sightings,
    request.envClass,
    source.python.findings(),
  )
  signal?.throwIfAborted()
  const generated = await failing('GENERATION_FAILED', `${nameOf(entryPoint)} cannot be imported`, async () =>
    importer.generate(source, entryPoint, { name, vendored: vendorPath(name) }),
  )
  const resolution = await resolved(request, generated)
  signal?.throwIfAborted()
  const findings = distinct([
    ...tree.findings,
    ...source.python.findings(),
    ...detection.findings,
    ...generated.findings,
  ])
  const vendored = await failing('GENERATION_FAILED', 'The source cannot be copied', () =>
    vendorSource(tree, name),
  )
  const commit = commitOf(tree.root)
  const { bases } = detection
  const parts = { name, importer, bases, entryPoint, generated, vendored, commit, findings, resolution }
  const files = importedPackage({ ...parts, excluded: tree.leftOut })
  return { name, importer, entryPoint, generated, resolution, source, findings, bases, files }
}

/**
 * Reads a folder as importers see it: lists its files, and parses its Python when that is asked for. Runs nothing.
 *
 * @throws OpenEnvError VALIDATION_ERROR where it is no readable directory.
 */
export async function readSource(folder: string): Promise<Source> {
  const tree = readTree(folder)
  return { tree, python: await openProject(tree) }
}

async function resolved(
  { resolve, signal }: ImportRequest,
  { python }: GeneratedEnvironment,
): Promise<Resolution | null> {
  if (python === undefined) return null
  try {
    return await resolve(python)
  } catch (error) {
    signal?.throwIfAborted()
    if (!(error instanceof ResolutionError)) throw error
    const what = `The requirements cannot be resolved: ${error.message}`
    throw new ImportFailure(
      'LOCK_FAILED',
      `${what.replace(/[.\s]*$/, '')}. Change them, or leave them as they are with --no-lock.`,
      error,
    )
  }
}

async function failing<T>(code: ImportFailure['code'], what: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ImportRefusal) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new ImportFailure(code, `${what}: ${why.replaceAll(/\s+/g, ' ')}`, error)
  }
}

/** In the order of files and lines, each once. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  const byLine = new Map(findings.map((finding) => [findingLine(finding), finding]))
  return [...byLine.values()].sort((one, other) =>
    one.file === other.file
      ? (one.line ?? 0) - (other.line ?? 0) || (one.message < other.message ? -1 : 1)
      : one.file < other.file
        ? -1
        : 1,
  )
}
