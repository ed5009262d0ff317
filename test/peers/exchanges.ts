/** A frame: text as it travels, or bytes in base64. */
export type Send = string | { readonly binary: string }

/** Frames sent over one socket of /ws, one after the other, and what they are sent for. */
export interface SocketExchange {
  readonly name: string
  readonly sends: readonly Send[]
  /** Send all of them before reading. */
  readonly pipelined?: true
  /** On a server with one session, which another socket holds; what comes back is unasked for. */
  readonly atCapacity?: true
}

/** One HTTP request. */
export interface HttpExchange {
  readonly name: string
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly contentType?: string
  readonly body?: string
}

const message = (type: string, data?: unknown): string => JSON.stringify({ type, data })
const reset = (data: object = { seed: 3, episode_id: 'ep-1' }): string => message('reset', data)
const step = (data: object): string => message('step', data)
const STATE = message('state')

/** What is said to the lock of python_server.py. With seed 3 the digits 1, 4, 7, 0 open it. */
export const SOCKET_EXCHANGES: readonly SocketExchange[] = [
  {
    name: 'an episode to its end',
    sends: [reset(), STATE, ...[1, 9, 4, 7, 0].map((digit) => step({ digit })), STATE, message('close')],
  },
  {
    name: 'an episode over its tries',
    sends: [reset(), ...Array.from({ length: 8 }, () => step({ digit: 2 })), STATE],
  },
  {
    name: 'an episode again',
    sends: [reset(), step({ digit: 1 }), reset({ seed: 4, episode_id: 'ep-2' }), STATE],
  },
  { name: 'a reset without data', sends: [message('reset')] },
  {
    name: 'a reset with keys of its own',
    sends: [reset({ seed: 1, episode_id: 'ep-3', difficulty: 'hard' }), STATE],
  },
  { name: 'an action with metadata', sends: [reset(), step({ digit: 1, metadata: { from: 'test' } })] },
  {
    name: 'frames in one go',
    pipelined: true,
    sends: [reset(), step({ digit: 1 }), STATE, step({ digit: 4 })],
  },
  { name: 'JSON with spaces', sends: [' { "type" : "reset" , "data" : { "seed" : 3 } } \n'] },
  { name: 'a float without a fraction', sends: [reset(), '{"type":"step","data":{"digit":1.0}}'] },
  { name: 'close', sends: [message('close')] },

  { name: 'an action without its field', sends: [reset(), step({}), step({ digit: 1 }), STATE] },
  {
    name: 'an action with a key too many',
    sends: [reset(), step({ digit: 1, digits: 2 }), step({ digit: 1 }), STATE],
  },
  { name: 'an action misspelled', sends: [reset(), step({ dgit: 1 }), step({ digit: 1 })] },
  { name: 'an action of the wrong type', sends: [reset(), step({ digit: [1] }), step({ digit: 1 })] },
  { name: 'an action of null', sends: [reset(), step({ digit: null }), step({ digit: 1 })] },
  { name: 'an action below the range', sends: [reset(), step({ digit: -1 }), step({ digit: 1 })] },
  { name: 'an action above the range', sends: [reset(), step({ digit: 10 }), step({ digit: 1 })] },
  { name: 'an action with a fraction', sends: [reset(), step({ digit: 1.5 }), step({ digit: 1 })] },
  {
    name: 'an action with two faults',
    sends: [reset(), step({ force: 'often', extra: 1 }), step({ digit: 1 })],
  },
  {
    name: 'a prototype key',
    sends: [reset(), '{"type":"step","data":{"digit":1,"__proto__":{"force":true}}}', step({ digit: 1 })],
  },
  {
    name: 'an environment that fails',
    sends: [reset(), step({ digit: 1, force: true }), step({ digit: 1 }), STATE],
  },

  { name: 'no JSON', sends: ['{', STATE] },
  { name: 'an empty frame', sends: ['', STATE] },
  { name: 'no type', sends: ['{}', STATE] },
  { name: 'an unknown type', sends: [message('jump', {}), STATE] },
  { name: 'a type that is no text', sends: ['{"type":7}', STATE] },
  { name: 'a type of null', sends: ['{"type":null}', STATE] },
  { name: 'a message of validation', sends: [message('validation_open', { schema_version: 1 }), STATE] },
  { name: 'a step without data', sends: [reset(), message('step'), step({ digit: 1 })] },
  { name: 'a step of null', sends: [reset(), message('step', null), step({ digit: 1 })] },
  { name: 'a step of an array', sends: [reset(), message('step', [1]), step({ digit: 1 })] },
  { name: 'a step of a text', sends: [reset(), message('step', 'one'), step({ digit: 1 })] },
  { name: 'a reset of null', sends: ['{"type":"reset","data":null}', reset()] },
  { name: 'a reset of an array', sends: [message('reset', []), reset()] },
  { name: 'state with data', sends: [reset(), message('state', {}), STATE] },
  { name: 'close with data', sends: [reset(), message('close', {}), STATE] },
  {
    name: 'an envelope with a key too many',
    sends: [reset(), '{"type":"step","data":{"digit":1},"id":7}', STATE],
  },

  { name: 'a text for a number', sends: [reset(), step({ digit: '1' })] },
  { name: 'a boolean for a number', sends: [reset(), step({ digit: true })] },
  { name: 'a number for a boolean', sends: [reset(), step({ digit: 1, force: 0 })] },
  { name: 'NaN', sends: [reset(), '{"type":"step","data":{"digit":NaN}}', step({ digit: 1 })] },
  { name: 'Infinity', sends: [reset(), '{"type":"step","data":{"digit":Infinity}}', step({ digit: 1 })] },
  { name: 'a seed below zero', sends: [reset({ seed: -5 })] },
  { name: 'a step before reset', sends: [step({ digit: 0 })] },
  { name: 'state before reset', sends: [STATE] },
  { name: 'a step after the end', sends: [reset(), ...[1, 4, 7, 0, 0].map((digit) => step({ digit }))] },
  { name: 'a frame that is an array', sends: ['[1]', STATE] },
  { name: 'a frame that is a number', sends: ['7', STATE] },
  { name: 'a frame that is a text', sends: ['"reset"', STATE] },
  { name: 'a frame that is null', sends: ['null', STATE] },
  { name: 'a binary frame', sends: [{ binary: Buffer.from(STATE).toString('base64') }, STATE] },
  {
    name: 'a lone surrogate',
    sends: [reset(), '{"type":"step","data":{"digit":1,"\\ud800":1}}', step({ digit: 1 })],
  },
  { name: 'no free session', atCapacity: true, sends: [] },
]

const JSON_TYPE = 'application/json'
const post = (name: string, path: string, body: string): HttpExchange => ({
  name,
  method: 'POST',
  path,
  contentType: JSON_TYPE,
  body,
})
const get = (name: string, path: string): HttpExchange => ({ name, method: 'GET', path })

export const HTTP_EXCHANGES: readonly HttpExchange[] = [
  get('health', '/health'),
  get('metadata', '/metadata'),
  get('schema', '/schema'),
  get('openapi', '/openapi.json'),
  get('state before reset', '/state'),
  { name: 'a reset without a body', method: 'POST', path: '/reset' },
  post('a reset of nothing', '/reset', '{}'),
  post('a reset', '/reset', '{"seed":3,"episode_id":"ep-1"}'),
  post('a reset with keys of its own', '/reset', '{"seed":3,"difficulty":"hard"}'),
  post('a reset with a seed below zero', '/reset', '{"seed":-1}'),
  post('a reset with a long id', '/reset', JSON.stringify({ episode_id: 'x'.repeat(256) })),
  post('a reset of an array', '/reset', '[]'),
  post('a reset that is no JSON', '/reset', '{'),
  post('a step', '/step', '{"action":{"digit":1}}'),
  post('a step without its action', '/step', '{"timeout_s":5}'),
  post('a step with an action of the wrong type', '/step', '{"action":7}'),
  post('a step with an invalid action', '/step', '{"action":{"digit":10}}'),
  post('a step with an action misspelled', '/step', '{"action":{"dgit":1}}'),
  post('a step that is no JSON', '/step', '{'),
  post('mcp, as the validator asks', '/mcp', '{}'),
  { name: 'a wrong verb', method: 'PUT', path: '/reset' },
  get('a path that is not there', '/nowhere'),
  get('environments', '/list_environments'),
  get('splits of an environment without tasks', '/lock/splits'),
  get('splits of another environment', '/door/splits'),
]
