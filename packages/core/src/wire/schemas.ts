import type { AnyEnvironment } from '../environment.ts'
import type { JsonSchema } from '../json.ts'
import { toJsonSchema } from '../schema.ts'

/** The four JSON Schemas that `GET /schema` publishes. */
export interface WireSchemas {
  readonly action: JsonSchema
  readonly observation: JsonSchema
  readonly state: JsonSchema
  readonly reset_observation: JsonSchema
}

const METADATA = {
  type: 'object',
  additionalProperties: true,
  default: {},
  description: 'Facts beside it, by name.',
}
const REWARD = { anyOf: [{ type: 'number' }, { type: 'null' }], default: null }
const DONE = { type: 'boolean', default: false }

/**
 * Describes an environment's messages as they stand on the wire: an observation together with `reward`, `done` and
 * `metadata`, an action with the `metadata` that Python's clients add.
 *
 * @param mayControl - Whether the reader may read views. For all others the state has the fields of every environment.
 */
export function wireSchemas(environment: AnyEnvironment, mayControl = true): WireSchemas {
  const title = pascalCase(environment.name)
  const observation = {
    title: `${title}Observation`,
    ...withProperties(toJsonSchema(environment.observation, 'output', 'observation'), {
      reward: REWARD,
      done: DONE,
      metadata: METADATA,
    }),
  }
  return {
    action: {
      title: `${title}Action`,
      ...withProperties(toJsonSchema(environment.action, 'input', 'action'), { metadata: METADATA }),
    },
    observation,
    state: { title: `${title}State`, ...stateSchema(mayControl ? environment.view : undefined) },
    reset_observation: observation,
  }
}

function stateSchema(view: AnyEnvironment['view']): JsonSchema {
  const own = view === undefined ? {} : toJsonSchema(view, 'output', 'view')
  return {
    ...own,
    type: 'object',
    properties: {
      episode_id: { anyOf: [{ type: 'string' }, { type: 'null' }], default: null },
      step_count: { type: 'integer', minimum: 0, default: 0 },
      ...(own['properties'] as object | undefined),
    },
    // Before the first reset only the two base fields are there.
    required: [],
    additionalProperties: true,
  }
}

/** Adds optional properties to an object schema, or to every branch of a union of them. */
function withProperties(schema: JsonSchema, extra: JsonSchema): JsonSchema {
  for (const union of ['oneOf', 'anyOf'] as const) {
    const branches = schema[union] as readonly JsonSchema[] | undefined
    if (branches !== undefined) {
      return { ...schema, [union]: branches.map((branch) => withProperties(branch, extra)) }
    }
  }
  // What the environment declares under one of these names is its own business.
  return { ...schema, properties: { ...extra, ...(schema['properties'] as object | undefined) } }
}

function pascalCase(name: string): string {
  return name
    .split('-')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('')
}
