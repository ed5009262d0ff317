import { isOpenEnvError, type OpenEnvError } from '@openenv-ts/core'
import { expect, it } from 'vitest'
import { countTasks, listSplits, listTasks } from './index.ts'
import { Raw, scriptedServer, type Script } from '../test/scripted-server.ts'

interface Query {
  readonly split: string
  readonly start?: number
  readonly stop?: number | null
}

const SPLITS = [
  { name: 'train', type: 'train' },
  { name: 'hard', type: 'test' },
]
const TASKS: Record<string, unknown[]> = {
  train: [{ id: 'a', split: 'train', index: 0, level: 1 }, { id: 7 }, { question: '2+2' }, 'bare'],
  hard: [],
}
const UNSUPPORTED = new Raw(501, '{"detail":"list_tasks is not supported for this environment"}')

const listing: Record<string, (body: Query) => unknown> = {
  '/list_environments': () => ['my maze'],
  '/my%20maze/splits': () => SPLITS,
  '/my%20maze/tasks': ({ split }) => ({ tasks: TASKS[split], env_name: 'my maze' }),
  '/my%20maze/num_tasks': ({ split }) => ({ num_tasks: TASKS[split]?.length }),
  '/my%20maze/task_range': ({ split, start = 0, stop }) => ({
    tasks: TASKS[split]?.slice(start, stop ?? undefined),
  }),
}

function routes(changes: Record<string, () => unknown> = {}): Script {
  return { http: (path, body) => ({ ...listing, ...changes })[path]?.(body as Query) }
}

async function failure(call: Promise<unknown>): Promise<OpenEnvError> {
  const error: unknown = await call.then(() => 'it did not fail').catch((reason: unknown) => reason)
  if (!isOpenEnvError(error)) throw new Error(`Expected an OpenEnvError, got ${String(error)}`)
  return error
}

it('lists the splits', async () => {
  await using server = await scriptedServer(routes())
  expect(await listSplits(server.url)).toEqual(SPLITS)
})

it('reads what a split is for off its name where the server gives only that', async () => {
  await using server = await scriptedServer(routes({ '/my%20maze/splits': () => ['test', { name: 'odd' }] }))
  expect(await listSplits(server.url)).toEqual([
    { name: 'test', type: 'test' },
    { name: 'odd', type: 'validation' },
  ])
})

it('lists the tasks of the first split, with id, split and index in each', async () => {
  await using server = await scriptedServer(routes())
  expect(await listTasks(server.url)).toEqual([
    { id: 'a', split: 'train', index: 0, level: 1 },
    { id: '7', split: 'train', index: 1 },
    { id: 'train/2', split: 'train', index: 2, question: '2+2' },
    { id: 'train/3', split: 'train', index: 3, task: 'bare' },
  ])
  expect(await listTasks(server.url, { split: 'hard' })).toEqual([])
  expect([await countTasks(server.url), await countTasks(server.url, { split: 'hard' })]).toEqual([4, 0])
})

it.each([
  ['both routes', {}],
  ['only /tasks', { '/my%20maze/task_range': () => UNSUPPORTED }],
  ['only /task_range', { '/my%20maze/tasks': () => UNSUPPORTED }],
])('lists a part by slice rules where the server has %s', async (_name, changes) => {
  await using server = await scriptedServer(routes(changes))
  const indices = async (start: number, stop?: number): Promise<number[]> => {
    const tasks = await listTasks(server.url, { start, ...(stop === undefined ? {} : { stop }) })
    return tasks.map(({ index }) => index)
  }
  expect(await indices(0)).toEqual([0, 1, 2, 3])
  expect(await indices(1, 3)).toEqual([1, 2])
  expect(await indices(3, 99)).toEqual([3])
  expect(await indices(4)).toEqual([])
  expect(await indices(2, 1)).toEqual([])
})

it('names the splits that exist', async () => {
  await using server = await scriptedServer(routes())
  const error = await failure(listTasks(server.url, { split: 'tset' }))
  expect(error.code).toBe('VALIDATION_ERROR')
  expect(error.message).toContain('train, hard')
})

it.each<[string, Script]>([
  ['has no such routes', { http: () => undefined }],
  ['has no tasks', routes({ '/my%20maze/splits': () => UNSUPPORTED })],
  ['has no splits', routes({ '/my%20maze/splits': () => [] })],
  [
    'cannot list',
    routes({ '/my%20maze/tasks': () => UNSUPPORTED, '/my%20maze/task_range': () => UNSUPPORTED }),
  ],
])('says NOT_SUPPORTED when the server %s', async (_name, script) => {
  await using server = await scriptedServer(script)
  expect((await failure(listTasks(server.url))).code).toBe('NOT_SUPPORTED')
})

it.each<[string, Script]>([
  ['names', routes({ '/list_environments': () => [] })],
  ['splits', routes({ '/my%20maze/splits': () => [{ name: 3 }] })],
  ['tasks', routes({ '/my%20maze/tasks': () => ({ tasks: null }) })],
])('says CONNECTION_ERROR when it cannot read the %s', async (_name, script) => {
  await using server = await scriptedServer(script)
  expect((await failure(listTasks(server.url))).code).toBe('CONNECTION_ERROR')
})
