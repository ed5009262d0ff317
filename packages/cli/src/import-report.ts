import { relative } from 'node:path'
import { printable } from '@openenv-ts/core/host'
import type { Drift, FileUpdate, ImportPlan, Places } from '@openenv-ts/importer'
import type { ImporterPackage } from './importers.ts'
import { shellLine } from './shell-line.ts'
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
    variables: generated.variables ?? { passed: [], held: [], refused: [] },
    required_arguments: generated.requiredArguments ?? [],
    not_followed: generated.python?.notFollowed ?? [],
    needs_build: resolution?.needsBuild ?? [],
    python: generated.python ?? null,
    resolved: resolution?.versions ?? null,
    files: [...files.keys()],
    excluded: source.tree.leftOut,
    bases: plan.bases,
    findings,
  }
}

/** Says what was imported, or would be. */
export function printImport(
  { findingLine, nameOf }: ImporterPackage,
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
  if (dryRun) for (const path of files.keys()) print(`  ${printable(path)}`)
  print(`Sessions: ${generated.sessions.mode}.`)
  for (const reason of generated.sessions.why) print(`  ${findingLine(reason)}`)
  if (generated.secrets.length > 0) print(`Secrets that reach it: ${listOf(generated.secrets)}.`)
  printVariables(plan)
  printRequirements(plan)
  if (plan.bases.length > 0) {
    print('Bases, which are no environments by themselves (--env-class takes one):')
    for (const base of plan.bases.slice(0, MOST_SHOWN))
      print(`  ${printable(nameOf(base))} (${printable(base.why)})`)
  }
  if (tree.leftOut.length > 0) {
    print('Left out:')
    for (const { path, why } of tree.leftOut.slice(0, MOST_SHOWN)) print(`  ${printable(path)} (${why})`)
    const more = tree.leftOut.length - MOST_SHOWN
    if (more > 0) print(`  and ${String(more)} more; import.lock.json has all of them`)
  }
  if (dryRun) return
  const { requiredArguments = [] } = generated
  if (requiredArguments.length > 0)
    print(`It needs values for ${listOf(requiredArguments)}: give them in \`arguments\` of src/index.ts.`)
  print('Next:')
  print(`  ${shellLine('cd', here(places.destination))}`)
  print('  npm install')
  print('  npm test')
  print('  npx openenv tasks .')
}

/** Which environment variables the source reads, and what becomes of each. */
function printVariables({ generated: { variables } }: ImportPlan): void {
  if (variables === undefined) return
  const { passed, held, refused } = variables
  if (passed.length + held.length + refused.length === 0) return
  print('Environment variables that it reads:')
  if (passed.length > 0) print(`  passed on: ${listOf(passed)}`)
  if (held.length > 0)
    print(`  not passed on until you put them into \`variables\` of src/index.ts: ${listOf(held)}`)
  if (refused.length > 0)
    print(`  never passed on, unless you write them into \`variables\` yourself: ${listOf(refused)}`)
}

/** What of the requirements is not installed, and what would run code of a stranger when it is. */
function printRequirements({ generated: { python }, resolution }: ImportPlan): void {
  const { notFollowed = [] } = python ?? {}
  if (notFollowed.length > 0) {
    print('Not installed, since the source has it from elsewhere than the package index:')
    for (const { requirement } of notFollowed) print(`  ${printable(requirement)}`)
    print('  Add what you trust to python/requirements.lock, a line each.')
  }
  const needsBuild = resolution?.needsBuild ?? []
  if (needsBuild.length > 0) {
    note(
      `warning: ${listOf(needsBuild)} has no wheel: installing it runs its own build. The first start asks before, or takes --build.`,
    )
  }
}

function listOf(names: readonly string[]): string {
  return names.map((name) => printable(name)).join(', ')
}

const DRIFT: Readonly<Record<Drift['kind'], string>> = {
  changed: 'an import would write something else now',
  edited: 'edited here since the import',
  missing: 'not there',
  added: 'not in the source',
}

/** Says what differs between a package and an import of now. */
export function printDrift(drift: readonly Drift[], places: Places): void {
  const place = here(places.destination)
  if (drift.length === 0) {
    print(`${place} is what an import would write now.`)
    return
  }
  print(
    `${place} differs from an import of now in ${String(drift.length)} ${drift.length === 1 ? 'file' : 'files'}:`,
  )
  for (const { path, kind } of drift) print(`  ${printable(path)}: ${DRIFT[kind]}`)
  print('To import it again, replace --check with --update.')
}

const UPDATE: Readonly<Record<FileUpdate['kind'], string>> = {
  replaced: 'replaced',
  added: 'added',
  removed: 'removed',
  kept: 'kept, for you edited it',
  conflict: 'edited by you, and changed in the source',
}

/** Says what an update did, or why it did nothing. */
export function printUpdate(
  updates: readonly FileUpdate[],
  places: Places,
  { written, force }: { readonly written: boolean; readonly force: boolean },
): void {
  const place = here(places.destination)
  const conflicts = updates.filter(({ kind }) => kind === 'conflict').length
  if (updates.length === 0) {
    print(`${place} is what an import would write now.`)
    return
  }
  print(`${written ? 'Updated' : 'Would update'} ${place}:`)
  for (const { path, kind } of updates)
    print(
      `  ${printable(path)}: ${kind === 'conflict' && force ? 'replaced, with your edits' : UPDATE[kind]}`,
    )
  if (conflicts === 0 || force) return
  const files = conflicts === 1 ? 'One file was' : `${String(conflicts)} files were`
  print(
    `Nothing was written: ${files} edited here and changed in the source. Keep a copy of your edits, add --force, and make them again.`,
  )
}

/** A path as a person would write it here. */
function here(path: string): string {
  const between = relative(process.cwd(), path)
  return between.startsWith('..') ? path : `./${between}`
}
