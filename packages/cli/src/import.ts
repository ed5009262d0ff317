import { writePackage } from '@openenv-ts/scaffold'
import type { ImportLock, ImportPlan, Places, PythonNeeds, Resolution } from '@openenv-ts/importer'
import type { ImportFlags } from './import-flags.ts'
import { EXIT, Failure, oneLine, UsageError } from './failure.ts'
import { importersFrom, loadImporter, type ImporterPackage } from './importers.ts'
import { printDrift, printImport, printUpdate, resultOf } from './import-report.ts'
import { listenForInterrupt } from './interrupt.ts'
import { note, print } from './terminal.ts'

/**
 * Imports a source as the flags say, and prints what came of it.
 *
 * @returns 1 where `--check` finds a difference.
 * @throws UsageError for what was refused; Failure where the import failed. With `--json` it is printed before.
 */
export async function importEnvironment(source: string, flags: ImportFlags): Promise<number> {
  try {
    checkModes(flags)
    const importer = await loadImporter()
    try {
      return await run(importer, source, flags)
    } catch (thrown) {
      if (thrown instanceof importer.ImportRefusal) throw new UsageError(thrown.message, { cause: thrown })
      if (thrown instanceof importer.ImportFailure) throw new Failure(thrown.message, { cause: thrown })
      throw thrown
    }
  } catch (thrown) {
    if (flags.json === true) print(JSON.stringify({ error: errorOf(thrown) }))
    throw thrown
  }
}

function checkModes({ check = false, dryRun = false, update = false, force = false }: ImportFlags): void {
  const other = dryRun ? '--dry-run' : '--update'
  if (check && (dryRun || update))
    throw new UsageError(`--check and ${other} exclude each other: leave one of them out.`)
  if (force && !update) throw new UsageError('--force belongs to --update: add it, or leave --force out.')
}

async function run(importer: ImporterPackage, source: string, flags: ImportFlags): Promise<number> {
  const { name, outputDir, json = false } = flags
  using interrupt = listenForInterrupt('Stopping; nothing is left behind.')
  const { signal } = interrupt
  const places = importer.checkPlaces(
    { name, source, outputDir },
    flags.check === true || flags.update === true ? 'existing' : 'new',
  )
  if (flags.check === true) return await check(importer, places, flags, signal)
  if (flags.update === true) return await update(importer, places, flags, signal)
  const plan = await importer.planImport({
    ...(await requestOf(importer, places, flags)),
    resolve: (needs) => resolve(importer, needs, flags, signal),
    signal,
  })
  if (flags.dryRun !== true) await writePackage(plan.files, places.destination, signal)
  if (json) print(JSON.stringify(resultOf(plan, places, flags.dryRun !== true)))
  else printImport(importer, plan, places, flags.dryRun === true)
  return EXIT.ok
}

async function resolve(
  importer: ImporterPackage,
  needs: PythonNeeds,
  { lock }: ImportFlags,
  signal: AbortSignal,
): Promise<Resolution | null> {
  if (!lock) return null
  const resolution = await importer.resolveRequirements(needs, signal)
  if (resolution === null) note('note: uv is not installed, so the requirements were not resolved.')
  return resolution
}

async function check(
  importer: ImporterPackage,
  places: Places,
  flags: ImportFlags,
  signal: AbortSignal,
): Promise<number> {
  const recorded = importer.recordedImport(places.destination)
  const plan: ImportPlan = await importer.planImport({
    ...(await requestAgain(importer, places, flags, recorded)),
    resolve: () => Promise.resolve(importer.recordedResolution(places.destination, recorded)),
    signal,
  })
  const drift = importer.driftOf(plan, places.destination, recorded)
  if (flags.json === true) print(JSON.stringify({ name: flags.name, path: places.destination, drift }))
  else printDrift(drift, places)
  return drift.length === 0 ? EXIT.ok : EXIT.failed
}

/** Imports again, into the package that is there. Versions stay as they were resolved while the requirements do. */
async function update(
  importer: ImporterPackage,
  places: Places,
  flags: ImportFlags,
  signal: AbortSignal,
): Promise<number> {
  const { json = false, dryRun = false, force = false } = flags
  const recorded = importer.recordedImport(places.destination)
  const plan: ImportPlan = await importer.planImport({
    ...(await requestAgain(importer, places, flags, recorded)),
    resolve: async (needs) =>
      importer.holdsResolution(needs, places.destination, recorded)
        ? importer.recordedResolution(places.destination, recorded)
        : await resolve(importer, needs, flags, signal),
    signal,
  })
  const updates = importer.planUpdate(plan, places.destination, recorded)
  const conflicts = updates.filter(({ kind }) => kind === 'conflict')
  const refused = conflicts.length > 0 && !force
  if (!refused && !dryRun) importer.writeUpdate(updates, plan, places.destination, { replaceEdited: force })
  const written = !refused && !dryRun
  if (json) print(JSON.stringify({ name: flags.name, path: places.destination, written, updates }))
  else printUpdate(updates, places, { written, force })
  return refused ? EXIT.failed : EXIT.ok
}

/** The request of an import that was made before, as far as flags do not say otherwise. */
async function requestAgain(
  importer: ImporterPackage,
  places: Places,
  flags: ImportFlags,
  recorded: ImportLock,
) {
  return {
    ...(await requestOf(importer, places, flags)),
    type: flags.type ?? recorded.importer.type,
    envClass: flags.envClass ?? importer.nameOf(recorded.entry_point),
  }
}

async function requestOf(
  importer: ImporterPackage,
  places: Places,
  { name, type, envClass, importer: more }: ImportFlags,
) {
  const registry = importer.builtInRegistry()
  for (const each of more ?? []) {
    for (const another of await importersFrom(each)) {
      try {
        registry.register(another)
      } catch (thrown) {
        throw new UsageError(`--importer ${each}: ${oneLine(thrown)}`, { cause: thrown })
      }
    }
  }
  return { name, places, type, envClass, importers: registry.importers }
}

/** An error as `--json` shows it. */
function errorOf(thrown: unknown): Readonly<Record<string, unknown>> {
  const { code, choices } = (thrown instanceof Error ? (thrown.cause ?? thrown) : {}) as {
    readonly code?: unknown
    readonly choices?: unknown
  }
  const own = thrown instanceof UsageError ? 'USAGE' : 'FAILED'
  return {
    code: typeof code === 'string' ? code : own,
    message: oneLine(thrown),
    ...(Array.isArray(choices) && choices.length > 0 ? { choices } : {}),
  }
}
