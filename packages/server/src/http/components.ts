import type { AnyEnvironment } from '@openenv-ts/core'
import { declaredKeys, toJsonSchema } from '@openenv-ts/core/host'
import { wireSchemas } from '@openenv-ts/core/wire'
import type { z } from 'zod'
import { knownTasks, UNKNOWN } from './known-tasks.ts'
import { component, record, TEXT, type Schema } from './operation.ts'
import { ANY_JSON, ANY_OBJECT, asSent } from './sent-schema.ts'
import { NULL, orNull } from './json-types.ts'
import { resetSchema, splitSchema, placeSchema, createSchema } from './reset-schema.ts'

const INFO: Schema = {
  type: 'object',
  additionalProperties: { type: ['string', 'number', 'boolean'] },
  description: 'Facts beside the observation, by name.',
}

/** One fault in what was sent. */
const ISSUE: Schema = {
  type: 'object',
  properties: {
    type: TEXT,
    loc: { type: 'array', items: { type: ['string', 'integer'] } },
    msg: TEXT,
    input: {},
  },
  required: ['type', 'loc', 'msg'],
}

/** What a server refuses with, and says of itself, whatever it serves. */
const COMMON: Readonly<Record<string, Schema>> = {
  Json: ANY_JSON,
  Issue: ISSUE,
  Failure: {
    type: 'object',
    description: 'Why a request was refused.',
    properties: { detail: TEXT, code: TEXT, errors: { type: 'array', items: component('Issue') } },
    required: ['detail'],
  },
  InvalidRequest: {
    type: 'object',
    description: 'What is wrong with a request, field by field.',
    properties: {
      detail: { type: 'array', items: component('Issue') },
      message: TEXT,
      code: TEXT,
    },
    required: ['detail', 'message', 'code'],
  },
  RpcAnswer: {
    type: 'object',
    description: 'An answer of JSON-RPC.',
    properties: {
      jsonrpc: { const: '2.0' },
      id: { type: ['string', 'number', 'null'] },
      result: {},
      error: {
        type: 'object',
        properties: { code: { type: 'integer' }, message: TEXT },
        required: ['code', 'message'],
      },
    },
    required: ['jsonrpc', 'id'],
  },
  TaskSpec: {
    type: 'object',
    properties: { id: TEXT, split: TEXT, index: { type: 'integer', minimum: 0 } },
    required: ['id', 'split', 'index'],
  },
  Block: {
    type: 'object',
    properties: { type: { enum: ['text', 'image'] }, detail: NULL },
    required: ['type', 'detail'],
  },
  ToolList: record({
    tools: {
      type: 'array',
      items: record({ name: TEXT, description: TEXT, input_schema: { type: ['object', 'null'] } }),
    },
    terminal_tool: orNull(record({ name: TEXT, arg: { type: ['string', 'null'] }, description: TEXT })),
    supports_score_group: { type: 'boolean' },
    message_block_types: { type: 'array', items: TEXT },
  }),
}

/**
 * The schemas that routes of an environment refer to. Names of tasks and splits stand in them where there are not too
 * many, and the reader may list them.
 */
export async function componentsOf(
  environment: AnyEnvironment,
  mayControl: boolean,
): Promise<Readonly<Record<string, Schema>>> {
  const { action, observation, state } = wireSchemas(environment, mayControl)
  const { tasks } = environment
  const known = tasks === undefined || !mayControl ? UNKNOWN : await knownTasks(tasks)
  const reward = { type: ['number', 'null'] }
  const done = { type: 'boolean' }
  const info = component('Info')
  return {
    ...COMMON,
    Info: INFO,
    Action: declaredKeys(environment.action).has('metadata') ? asSent(action) : openMetadata(asSent(action)),
    Observation: observation,
    State: state,
    Reply: {
      type: 'object',
      properties: {
        ...{ observation: component('Observation'), reward, done, info, metadata: info },
        truncated: { const: true },
        terms: { type: 'array', items: { type: 'object' } },
      },
      required: ['observation', 'reward', 'done', 'info'],
      additionalProperties: false,
    },
    Start: record({ observation: component('PlainObservation'), info }),
    PlainReply: record({ observation: component('PlainObservation'), reward, done, info }),
    PlainObservation: toJsonSchema(environment.observation, 'output', 'observation'),
    View: viewSchema(environment, mayControl),
    Step: stepSchema(environment),
    PlainAction: plainAction(environment),
    ResetOptions: resetSchema(environment, known),
    Split: splitSchema(known),
    Place: placeSchema(known),
    Create: createSchema(environment, known),
  }
}

/** What orchestrators see of an episode beside its observations; only they read its schema. */
function viewSchema({ view }: AnyEnvironment, mayControl: boolean): Schema {
  if (!mayControl) return ANY_OBJECT
  return view === undefined ? record({}) : toJsonSchema(view, 'output', 'view')
}

/** Python's clients add metadata to an action. It is dropped, so it may be anything. */
function openMetadata(schema: Schema): Schema {
  for (const union of ['oneOf', 'anyOf'] as const) {
    const branches = schema[union] as readonly Schema[] | undefined
    if (branches !== undefined) return { ...schema, [union]: branches.map(openMetadata) }
  }
  const metadata = { ...component('Json'), description: 'Taken and dropped.' }
  return { ...schema, properties: { ...(schema['properties'] as object | undefined), metadata } }
}

/** What POST /step takes: an action in an envelope, or bare. */
function stepSchema(environment: AnyEnvironment): Schema {
  const action = plainAction(environment)
  const timeout = orNull({ type: 'number', exclusiveMinimum: 0 })
  const envelope = {
    type: 'object',
    properties: { action, timeout_s: timeout },
    required: ['action'],
    additionalProperties: component('Json'),
  }
  const bare = environment.countsInvalid !== true ? action : { ...ANY_OBJECT, not: { required: ['action'] } }
  return { description: 'An action in an envelope, or the action itself.', anyOf: [envelope, bare] }
}

/** An action. Where the environment counts an invalid one as a step, every object is taken. */
function plainAction({ countsInvalid }: AnyEnvironment): Schema {
  if (countsInvalid !== true) return component('Action')
  const description = 'An action. Any other object counts as an invalid step.'
  return { description, anyOf: [component('Action'), ANY_OBJECT] }
}

/** The schema of what a zod schema takes over the wire. */
export function bodySchema(schema: z.ZodType, what: string): Schema {
  return asSent(toJsonSchema(schema, 'input', what))
}
