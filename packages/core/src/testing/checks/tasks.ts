import type { AnyEnvironment } from '../../environment.ts'
import { isOpenEnvError } from '../../errors.ts'
import type { Task } from '../../task.ts'
import { failureOf, type Bench } from '../bench.ts'
import { notJsonAt } from '../compare.ts'

/** The task provider agrees with itself, and asking it changes nothing. Answers the ids to play. */
export async function checkTasks(bench: Bench): Promise<readonly string[]> {
  const { tasks: provider } = bench.environment
  if (provider === undefined) return []
  const { findings } = bench
  const splits = await provider.splits()
  if (splits.length === 0) findings.broken('tasks', 'There is no split.', 'at least one', splits)
  const ids = new Set<string>()
  const chosen: string[] = []
  for (const { name } of splits) {
    const count = await provider.count(name)
    const all = await provider.range(name, 0, count + 1)
    bench.same('tasks', `Of the split "${name}", the number of tasks in its range`, count, all.length)
    for (const [index, { spec }] of all.entries()) {
      findings.tested('tasks')
      if (ids.has(spec.id)) findings.broken('tasks', `Two tasks have the id "${spec.id}".`)
      ids.add(spec.id)
      bench.same('tasks', `Of the task "${spec.id}", the place`, [name, index], [spec.split, spec.index])
      if (notJsonAt(spec) !== null) findings.broken('tasks', `The spec of "${spec.id}" is no plain JSON.`)
    }
    for (const { spec } of all.slice(0, 2)) {
      bench.same(
        'tasks',
        `The task "${spec.id}", found by its id,`,
        spec,
        (await provider.find(spec.id))?.spec,
      )
    }
    bench.same(
      'tasks',
      `Of the split "${name}", the range asked for again`,
      specsOf(all),
      specsOf(await provider.range(name, 0, count)),
    )
    chosen.push(...all.slice(0, 2).map(({ spec }) => spec.id))
  }
  await checkUnknown(bench, bench.environment)
  return bench.options.tasks ?? chosen.slice(0, 6)
}

function specsOf(tasks: readonly Task<unknown>[]): readonly unknown[] {
  return tasks.map(({ spec }) => spec)
}

async function checkUnknown(bench: Bench, { name }: AnyEnvironment): Promise<void> {
  await using episode = bench.open()
  const taskId = `no task of ${name}`
  const error = await failureOf(episode.reset({ taskId }))
  bench.findings.tested('tasks')
  if (isOpenEnvError(error) && error.code === 'VALIDATION_ERROR' && error.http === 400) return
  bench.findings.broken('tasks', 'An unknown task is not refused.', 'VALIDATION_ERROR 400', error)
}
