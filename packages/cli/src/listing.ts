import type { TaskSpec } from '@openenv-ts/core'
import { printable } from '@openenv-ts/core/host'
import type { Target, TaskSource } from '@openenv-ts/rollout'
import type { ListedEnvironment } from '@openenv-ts/client'
import { didYouMean } from './did-you-mean.ts'
import { oneLine, UsageError } from './failure.ts'
import { findTarget } from './target.ts'
import { print, style, type Printable } from './terminal.ts'

/** Prints the tasks of an environment or a server, by split. */
export async function printTasks(
  name: string,
  flags: { readonly split?: string; readonly json?: boolean },
): Promise<void> {
  const target = await findTarget(name)
  const splits = await tasksBySplit(target.tasks, target.name, flags.split)
  if (flags.json === true) {
    print(JSON.stringify({ env: target.name, splits: Object.fromEntries(splits) }))
    return
  }
  if (splits.size === 0) {
    const listed =
      target.url === undefined ? 'has no tasks: every episode starts from its seed alone' : 'lists no tasks'
    print(`${printable(target.name)} ${listed}.`)
    return
  }
  for (const [split, tasks] of splits) {
    print(style('bold', `${printable(split)} (${String(tasks.length)})`))
    for (const task of tasks) print(`  ${printable(task.id)}`, ...detailsOf(task))
  }
}

/** Prints what an environment or a server says about itself; of a server of several, which there are [OE-23]. */
export async function printInfo(name: string, flags: { readonly json?: boolean }): Promise<void> {
  const { SeveralEnvironmentsError } = await import('@openenv-ts/rollout')
  let target: Target
  try {
    target = await findTarget(name)
  } catch (thrown) {
    if (!(thrown instanceof SeveralEnvironmentsError)) throw thrown
    printEnvironments(name, thrown.environments, flags)
    return
  }
  const splits = await tasksBySplit(target.tasks, target.name, undefined)
  const counts = Object.fromEntries([...splits].map(([split, tasks]) => [split, tasks.length]))
  const { version, description, actionSchema, url = null } = target
  if (flags.json === true) {
    print(
      JSON.stringify({ name: target.name, version, description, url, action: actionSchema, tasks: counts }),
    )
    return
  }
  print(style('bold', printable(target.name)), version === null ? '' : ` ${printable(version)}`)
  print(printable(oneLine(description), 1000))
  const tasks = Object.entries(counts).map(([split, count]) => `${String(count)} ${printable(split)}`)
  print(`Tasks:  ${tasks.length === 0 ? 'none' : tasks.join(', ')}`)
  print(`Action: ${JSON.stringify(actionSchema, null, 2)}`)
}

function printEnvironments(
  url: string,
  environments: readonly ListedEnvironment[],
  flags: { readonly json?: boolean },
): void {
  if (flags.json === true) {
    print(JSON.stringify({ url, environments }))
    return
  }
  print(`${printable(url)} serves ${String(environments.length)} environments:`)
  for (const each of environments) {
    print(style('bold', printable(each.name)), each.available ? '' : '  not available')
    print(`  ${printable(oneLine(each.description), 1000)}`)
    print(`  ${printable(each.url)}`)
  }
}

async function tasksBySplit(
  taskSource: TaskSource | undefined,
  name: string,
  only: string | undefined,
): Promise<Map<string, readonly TaskSpec[]>> {
  const names = taskSource === undefined ? [] : await taskSource.splits()
  if (only !== undefined && !names.includes(only)) {
    const known = names.length === 0 ? `${name} has no tasks.` : `There are: ${names.join(', ')}.`
    throw new UsageError(`There is no split "${only}". ${known}${didYouMean(only, names)}`)
  }
  const found = new Map<string, readonly TaskSpec[]>()
  for (const split of names) {
    if (only === undefined || split === only) found.set(split, (await taskSource?.list(split)) ?? [])
  }
  return found
}

/** What a task says beside its place: `difficulty 0.5, group easy`. */
function detailsOf({ id: _id, split: _split, index: _index, ...rest }: TaskSpec): readonly Printable[] {
  const details = Object.entries(rest).map(
    ([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return details.length === 0 ? [] : ['  ', style('dim', printable(details.join(', '), 500))]
}
