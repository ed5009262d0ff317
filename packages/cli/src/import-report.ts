import { relative } from 'node:path'
import type { Drift, ImportPlan, Places } from '@openenv-ts/importer'
import type { ImporterPackage } from './importers.ts'
import { note, print } from './terminal.ts'

/** How many of what was left out a person is shown; the rest stands in the lock file. */
const MOST_SHOWN = 20

/** An import as `--json` shows it. */
export function resultOf(
  plan: ImportPlan,
  places: Places,
  written: boolean,
): Readonly<Record<string, unknown>> {
  const { name, importer, entryPoint, generated, resolution, source, findings, files } = plan
  return {
    name,
    path: places.destination,
    written,
    type: importer.sourceType,
    entry_point: entryPoint,
    sessions: generated.sessions,
    secrets: generated.secrets,
    python: generated.python ?? null,
    resolved: resolution?.versions ?? null,
    files: [...files.keys()],
    excluded: source.tree.leftOut,
    findings,
  }
}

/** Says what was imported, or would be. */
export function printImport(
  { findingLine, nameOf, shown }: ImporterPackage,
  plan: ImportPlan,
  places: Places,
  dryRun: boolean,
): void {
  const { importer, entryPoint, generated, source, findings, files } = plan
  const { tree } = source
  for (const finding of findings) note(`note: ${findingLine(finding)}`)
  const what = `${nameOf(entryPoint)} (${importer.sourceType})`
  const counted = `${String(files.size)} files, ${String(tree.files.length)} of them the source`
  print(`${dryRun ? 'Would import' : 'Imported'} ${what} as ${here(places.destination)}: ${counted}.`)
  if (dryRun) for (const path of files.keys()) print(`  ${shown(path)}`)
  print(`Sessions: ${generated.sessions.mode}.`)
  for (const reason of generated.sessions.why) print(`  ${findingLine(reason)}`)
  if (generated.secrets.length > 0)
    print(`Secrets that reach it: ${generated.secrets.map(shown).join(', ')}.`)
  if (tree.leftOut.length > 0) {
    print('Left out:')
    for (const { path, why } of tree.leftOut.slice(0, MOST_SHOWN)) print(`  ${shown(path)} (${why})`)
    const more = tree.leftOut.length - MOST_SHOWN
    if (more > 0) print(`  and ${String(more)} more; import.lock.json has all of them`)
  }
  if (dryRun) return
  print('Next:')
  print(`  cd ${here(places.destination)}`)
  print('  npm install')
  print('  npm test')
  print('  npx openenv tasks .')
}

const DRIFT: Readonly<Record<Drift['kind'], string>> = {
  changed: 'an import would write something else now',
  edited: 'edited here since the import',
  missing: 'not there',
  added: 'not in the source',
}

/** Says what differs between a package and an import of now. */
export function printDrift({ shown }: ImporterPackage, drift: readonly Drift[], places: Places): void {
  const place = here(places.destination)
  if (drift.length === 0) {
    print(`${place} is what an import would write now.`)
    return
  }
  print(
    `${place} differs from an import of now in ${String(drift.length)} ${drift.length === 1 ? 'file' : 'files'}:`,
  )
  for (const { path, kind } of drift) print(`  ${shown(path)}: ${DRIFT[kind]}`)
}

/** A path as a person would write it here. */
function here(path: string): string {
  const between = relative(process.cwd(), path)
  return between.startsWith('..') ? path : `./${between}`
}
