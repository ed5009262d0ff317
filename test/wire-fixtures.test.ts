import { readFileSync } from 'node:fs'
import { serve, type RunningServer } from '@openenv-ts/server/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  converse,
  holdSession,
  request,
  type Answered,
  type Conversation,
  type Received,
} from './peers/converse.ts'
import { lock } from './peers/lock.ts'

// The Python servers' answers to a list of good and bad frames, recorded; ours has to give the same ones. Where it
// answers otherwise on purpose, this file says so and why. Message texts are free [OE-9] and never compared.

const RECORDED = ['openenv-0.10.0', 'openenv-core-0.2.3'] as const

/** zod's codes for Pydantic's types; `missing` and `extra_forbidden` are the same in both [OE-9]. */
const TYPES: Readonly<Record<string, string>> = {
  int_type: 'invalid_type',
  int_from_float: 'invalid_type',
  bool_parsing: 'invalid_type',
  dict_type: 'invalid_type',
  model_attributes_type: 'invalid_type',
  less_than_equal: 'too_big',
  greater_than_equal: 'too_small',
  string_too_long: 'too_big',
}

interface Difference {
  readonly why: string
  /** What we answer instead, by position in the exchange. */
  readonly ours: Readonly<Record<number, unknown>>
}

interface HttpDifference {
  readonly why: string
  readonly ours: unknown
  /** Differs from this one alone. */
  readonly only?: string
}

const refusal = (
  code: string,
  ...faults: readonly (readonly [type: string, ...loc: string[]])[]
): unknown => ({
  type: 'error',
  code,
  ...(code === 'VALIDATION_ERROR' || faults.length > 0
    ? { faults: faults.map(([type, ...loc]) => ({ type, loc })) }
    : {}),
})
const UNSTARTED = { type: 'state', data: { episode_id: null, step_count: 0 } }
const STRICT = 'Validation is strict: nothing is read as what it is not [OE-3].'
const STAYS_OPEN = 'A frame that is no object closes nothing [OE-9].'

const SOCKET_DIFFERENCES: Readonly<Record<string, Difference>> = {
  'a text for a number': { why: STRICT, ours: { 1: refusal('VALIDATION_ERROR', ['invalid_type', 'digit']) } },
  'a boolean for a number': {
    why: STRICT,
    ours: { 1: refusal('VALIDATION_ERROR', ['invalid_type', 'digit']) },
  },
  'a number for a boolean': {
    why: STRICT,
    ours: { 1: refusal('VALIDATION_ERROR', ['invalid_type', 'force']) },
  },
  NaN: {
    why: 'JSON has no NaN [OE-9].',
    ours: { 1: refusal('INVALID_JSON', ['invalid_type', 'data', 'digit']) },
  },
  Infinity: {
    why: 'JSON has no Infinity [OE-9].',
    ours: { 1: refusal('INVALID_JSON', ['invalid_type', 'data', 'digit']) },
  },
  'a seed below zero': {
    why: 'Seeds are checked on every transport [OE-4].',
    ours: { 0: refusal('VALIDATION_ERROR', ['too_small', 'seed']) },
  },
  'a step before reset': { why: 'Nothing resets by itself [OE-5].', ours: { 0: refusal('EXECUTION_ERROR') } },
  'a step after the end': {
    why: 'An episode that ended takes no step [OE-5].',
    ours: { 5: refusal('EXECUTION_ERROR') },
  },
  'a frame that is an array': {
    why: STAYS_OPEN,
    ours: { 0: refusal('VALIDATION_ERROR', ['invalid_type']), 1: UNSTARTED },
  },
  'a frame that is a number': {
    why: STAYS_OPEN,
    ours: { 0: refusal('VALIDATION_ERROR', ['invalid_type']), 1: UNSTARTED },
  },
  'a frame that is a text': {
    why: STAYS_OPEN,
    ours: { 0: refusal('VALIDATION_ERROR', ['invalid_type']), 1: UNSTARTED },
  },
  'a frame that is null': {
    why: STAYS_OPEN,
    ours: { 0: refusal('VALIDATION_ERROR', ['invalid_type']), 1: UNSTARTED },
  },
  'a binary frame': { why: STAYS_OPEN, ours: { 0: refusal('INVALID_JSON'), 1: UNSTARTED } },
  'a lone surrogate': {
    why: 'A lone surrogate is data, and no reason to end a session [OE-9].',
    ours: {
      1: refusal('VALIDATION_ERROR', ['extra_forbidden', '\ud800']),
      2: {
        type: 'observation',
        data: {
          observation: { right: 1, last: 'right', note: null, metadata: { tries_left: 7 } },
          reward: 0.25,
          done: false,
          metadata: { tries_left: 7 },
        },
      },
    },
  },
}

const TASK_ROUTES = 'Task routes came after 0.2.3.'
const JSON_ERROR = 'What is no JSON is a 400 with a code, on every route [OE-9].'

const HTTP_DIFFERENCES: Readonly<Record<string, HttpDifference>> = {
  'a step': {
    why: 'Episodes last: the step follows the reset before it [OE-8].',
    ours: {
      status: 200,
      observation: { right: 1, last: 'right', note: null, metadata: { tries_left: 7 } },
      reward: 0.25,
      done: false,
      metadata: { tries_left: 7 },
    },
  },
  'a step without its action': {
    why: 'A body without "action" is the action itself [OE-8].',
    ours: {
      status: 422,
      faults: [
        { type: 'missing', loc: ['digit'] },
        { type: 'extra_forbidden', loc: ['timeout_s'] },
      ],
    },
  },
  'a reset that is no JSON': { why: JSON_ERROR, ours: { status: 400 } },
  'a step that is no JSON': { why: JSON_ERROR, ours: { status: 400 } },
  environments: {
    why: TASK_ROUTES,
    only: 'openenv-core-0.2.3',
    ours: { status: 200, environments: ['lock'] },
  },
  'splits of an environment without tasks': {
    why: TASK_ROUTES,
    only: 'openenv-core-0.2.3',
    ours: { status: 501 },
  },
  schema: {
    why: 'Since 0.8 state has its own schema and the reply to reset another.',
    only: 'openenv-core-0.2.3',
    ours: {
      status: 200,
      action: { keys: ['digit', 'force', 'metadata'], others: false },
      observation: { keys: ['done', 'last', 'metadata', 'note', 'reward', 'right'], others: false },
      state: { keys: ['episode_id', 'right', 'step_count'], others: true },
      reset_observation: { keys: ['done', 'last', 'metadata', 'note', 'reward', 'right'], others: false },
    },
  },
}

describe.each(RECORDED)('what %s answers', (peer) => {
  const socket = recorded(peer, 'socket') as readonly Conversation[]
  const http = recorded(peer, 'http') as readonly Answered[]
  let server: RunningServer
  let full: RunningServer
  let held: AsyncDisposable

  beforeAll(async () => {
    server = await serve(lock, { port: 0 })
    full = await serve(lock, { port: 0, maxSessions: 1 })
    held = await holdSession(full.url)
  })
  afterAll(async () => {
    await held[Symbol.asyncDispose]()
    await Promise.all([server.close(), full.close()])
  })

  it('was recorded of every exchange that differs', () => {
    const names = new Set([...socket, ...http].map(({ name }) => name))
    expect(
      [...Object.keys(SOCKET_DIFFERENCES), ...Object.keys(HTTP_DIFFERENCES)].filter(
        (name) => !names.has(name),
      ),
    ).toEqual([])
  })

  it.each(socket)('on /ws to $name', async (exchange) => {
    const { name, sends, pipelined, atCapacity } = exchange
    const ours = await converse(atCapacity === true ? full.url : server.url, {
      name,
      sends,
      ...(pipelined === undefined ? {} : { pipelined }),
      ...(atCapacity === undefined ? {} : { atCapacity }),
    })
    const instead = SOCKET_DIFFERENCES[name]?.ours ?? {}
    const expected = sends.map((_, index) =>
      index in instead ? asRecorded(instead[index]) : essence(exchange.received[index]),
    )
    expect(ours.received.map(essence).map(withoutTerms).map(asRecorded)).toEqual(expected)
    expect(ours.unasked.map(essence)).toEqual(exchange.unasked.map(essence))
  })

  it.each(http)('on HTTP to $name', async (exchange) => {
    const { name, method, path, contentType, body } = exchange
    const ours = await request(server.url, {
      name,
      method,
      path,
      ...(contentType === undefined ? {} : { contentType }),
      ...(body === undefined ? {} : { body }),
    })
    expect(ours.answeredType).toBe('application/json')
    const difference = HTTP_DIFFERENCES[name]
    const differs = difference !== undefined && (difference.only === undefined || difference.only === peer)
    expect(asRecorded(withoutTerms(httpEssence(ours)))).toEqual(
      differs ? asRecorded(difference.ours) : httpEssence(exchange),
    )
  })

  /** 0.2.3 loses metadata on the way, which no server should copy; ours sends it to its clients too. */
  function asRecorded(answer: unknown): unknown {
    return peer === 'openenv-core-0.2.3' ? withoutMetadata(answer) : answer
  }
})

function recorded(peer: string, part: 'socket' | 'http'): readonly unknown[] {
  const path = new URL(`fixtures/${peer}/${part}.json`, import.meta.url)
  return (JSON.parse(readFileSync(path, 'utf8')) as { exchanges: unknown[] }).exchanges
}

/** What of an answer on /ws has to be the same. */
function essence(received: Received | undefined): unknown {
  if (received === undefined || !('frame' in received)) return received
  const { type, data, ...rest } = received.frame as { type: string; data: Record<string, unknown> }
  expect(rest).toEqual({})
  if (type !== 'error') return { type, data: type === 'state' ? stateEssence(data) : data }
  const { message, code, errors, ...others } = data
  expect(message).toEqual(expect.any(String))
  return { type, code, ...others, ...(errors === undefined ? {} : { faults: faults(errors) }) }
}

/** What of an answer on HTTP has to be the same; the fields that describe differ from one environment to another. */
function httpEssence({ name, status, answer }: Answered): unknown {
  if (Array.isArray(answer)) return { status, environments: answer.map((each) => String(each).toLowerCase()) }
  const body = answer as Record<string, unknown>
  if ('detail' in body) {
    const { detail } = body
    return { status, ...(Array.isArray(detail) ? { faults: faults(detail) } : {}) }
  }
  if (name === 'schema') {
    return {
      status,
      ...Object.fromEntries(Object.entries(body).map(([part, schema]) => [part, schemaEssence(schema)])),
    }
  }
  if (name === 'openapi') return { status, ...openapiEssence(body) }
  if (name === 'metadata')
    return {
      status,
      keys: Object.keys(body).sort(),
      texts: [typeof body['name'], typeof body['description'], typeof body['version']],
    }
  if (name === 'mcp, as the validator asks') {
    const error = body['error'] as Record<string, unknown>
    return { ...body, error: { ...error, message: typeof error['message'] } }
  }
  if ('episode_id' in body) return { status, ...stateEssence(body) }
  if (!('info' in body)) return { status, ...body }
  // Replies carry info under its own name too [OE-7].
  const { info, ...reply } = body
  expect(info).toEqual(reply['metadata'])
  return { status, ...reply }
}

function schemaEssence(schema: unknown): unknown {
  const { properties, additionalProperties } = schema as Record<string, Record<string, unknown>>
  return { keys: Object.keys(properties ?? {}).sort(), others: additionalProperties }
}

/** The routes that every OpenEnv server has; what a validator reads the mode from is among them. */
const COMMON_PATHS = ['/health', '/mcp', '/metadata', '/reset', '/schema', '/state', '/step']

function openapiEssence({ info, paths }: Record<string, unknown>): object {
  const { title, version } = info as Record<string, unknown>
  return { title, version, paths: COMMON_PATHS.filter((path) => path in (paths as object)) }
}

/** Our replies say more than Python's: the parts of the reward, and the score at the end [OE-25]. */
function withoutTerms(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(withoutTerms)
  if (typeof answer !== 'object' || answer === null) return answer
  const recorded = Object.entries(answer).filter(([key]) => !/^(?:terms$|score$|reward\.)/.test(key))
  return Object.fromEntries(recorded.map(([key, value]) => [key, withoutTerms(value)]))
}

function withoutMetadata(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(withoutMetadata)
  if (typeof answer !== 'object' || answer === null) return answer
  const { metadata: _dropped, ...rest } = answer as Record<string, unknown>
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, withoutMetadata(value)]))
}

/** Before a reset state is these two fields [OE-8]; the Python server shows its class's defaults beside them. */
function stateEssence(data: Record<string, unknown>): Record<string, unknown> {
  if (data['episode_id'] !== null) return data
  return { episode_id: null, step_count: data['step_count'] }
}

function faults(errors: unknown): unknown {
  return (errors as { type: string; loc: (string | number)[]; msg: string }[])
    .map(({ type, loc }) => ({ type: TYPES[type] ?? type, loc }))
    .sort((a, b) => a.loc.join().localeCompare(b.loc.join()))
}
