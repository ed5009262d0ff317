import type { AnyEnvironment } from '@openenv-ts/core'
import { toJsonSchema } from '@openenv-ts/core/host'
import type { KnownTasks } from './known-tasks.ts'
import { component, record, TEXT, type Schema } from './operation.ts'
import { ANY_OBJECT, asSent } from './sent-schema.ts'
import { WHOLE, NULL, SEED, orNull, oneOf } from './json-types.ts'

/** What a reset takes, with the rules by which its fields name a task; null is the same as absent. */
export function resetSchema({ tasks, options }: AnyEnvironment, known: KnownTasks): Schema {
  const fields = {
    seed: orNull(SEED),
    episode_id: orNull({ type: 'string', maxLength: 255 }),
    task_id: { type: ['string', 'null'] },
    split: { type: ['string', 'null'] },
    index: orNull(WHOLE),
    task_spec: orNull(ANY_OBJECT),
  }
  const object = (own: Readonly<Record<string, Schema>>, required: readonly string[]): Schema => ({
    type: 'object',
    properties: { ...fields, ...own },
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: component('Json'),
  })
  const branches = [...waysToName(tasks === undefined, known)].map(([own, ...required]) =>
    object(own, required),
  )
  const [only] = branches
  const named = branches.length === 1 && only !== undefined ? only : { anyOf: branches }
  if (options === undefined) return named
  const { additionalProperties: _strict, ...own } = asSent(toJsonSchema(options, 'input', 'options'))
  return { allOf: [named, own] }
}

type Way = readonly [own: Readonly<Record<string, Schema>>, ...required: string[]]

/** The ways to say which task is meant; see `selectTask` in core. */
function* waysToName(without: boolean, known: KnownTasks): Generator<Way> {
  if (without) {
    yield [{ task_id: NULL, task_spec: orNull({ ...ANY_OBJECT, properties: { id: noText } }) }]
    return
  }
  const unnamed = { task_id: NULL, task_spec: NULL }
  const noPlace = { split: NULL, index: NULL }
  // The plain way first: examples are made of it.
  yield [{ ...unnamed, ...noPlace }]
  const id = known.ids === null ? TEXT : oneOf(known.ids)
  yield [{ task_id: id }, 'task_id']
  yield [{ task_id: NULL, task_spec: specSchema(known) }, 'task_spec']
  const [first] = known.splits ?? []
  if (known.splits === null || first === undefined) {
    yield [{ ...unnamed, split: TEXT, index: WHOLE }, 'split', 'index']
    yield [{ ...unnamed, seed: SEED, split: TEXT, index: NULL }, 'seed', 'split']
    return
  }
  for (const { name, count } of known.splits.filter((split) => split.count > 0)) {
    const split = oneOf([name])
    yield [{ ...unnamed, split, index: indexBelow(count) }, 'split', 'index']
    yield [{ ...unnamed, seed: SEED, split, index: NULL }, 'seed', 'split']
  }
  if (first.count > 0)
    yield [{ ...unnamed, seed: SEED, split: NULL, index: indexBelow(first.count) }, 'seed', 'index']
}

const noText: Schema = {
  anyOf: [{ type: ['null', 'boolean', 'number'] }, { type: 'array', items: component('Json') }, ANY_OBJECT],
}

function indexBelow(count: number): Schema {
  return { type: 'integer', minimum: 0, maximum: count - 1 }
}

/** A spec as the task list gave it; one without a known id only where tasks are made of specs. */
function specSchema(known: KnownTasks): Schema {
  if (known.ids === null) return ANY_OBJECT
  return { ...ANY_OBJECT, properties: { id: oneOf(known.ids) }, required: ['id'] }
}

/** A split of those known, or any text where none is. */
export function splitSchema(known: KnownTasks): Schema {
  return known.splits === null ? TEXT : oneOf(known.splits.map(({ name }) => name))
}

/** A split with an index in it. */
export function placeSchema(known: KnownTasks): Schema {
  return alternatives(placesOf(known).map(record))
}

function placesOf(known: KnownTasks): readonly { readonly split: Schema; readonly index: Schema }[] {
  if (known.splits === null) return [{ split: TEXT, index: WHOLE }]
  return known.splits
    .filter(({ count }) => count > 0)
    .map(({ name, count }) => ({ split: oneOf([name]), index: indexBelow(count) }))
}

function alternatives(schemas: readonly Schema[]): Schema {
  const [only] = schemas
  return schemas.length === 1 && only !== undefined ? only : { anyOf: schemas }
}

/** What POST /create takes: a spec, or a place. */
export function createSchema({ name, tasks }: AnyEnvironment, known: KnownTasks): Schema {
  const fields = {
    env_name: orNull(oneOf([name])),
    secrets: orNull({ type: 'object', additionalProperties: TEXT }),
    toolset_name: { ...NULL, description: 'This server lays no toolsets over an environment’s own tools.' },
  }
  const start = (own: Readonly<Record<string, Schema>>, required: readonly string[]): Schema => ({
    type: 'object',
    properties: { ...fields, ...own },
    required,
    additionalProperties: false,
  })
  const spec = tasks === undefined ? { ...ANY_OBJECT, properties: { id: noText } } : specSchema(known)
  const bySpec = start({ task_spec: spec, split: NULL, index: NULL }, ['task_spec'])
  const places = tasks === undefined ? [] : placesOf(known)
  const byPlace = places.map((place) => start({ task_spec: NULL, ...place }, ['split', 'index']))
  return alternatives([bySpec, ...byPlace])
}
