import type { Tokens } from '@openenv-ts/server'
import type { ListenOptions } from '@openenv-ts/server/node'

// Who may do what, written by hand: the tests hold the server against this, and not against itself.

/** Whom a route is for. */
export type Audience = 'control' | 'agent' | 'capability' | 'operator' | 'about' | 'open'
export type Who = 'nobody' | 'stranger' | 'control' | 'agent' | 'operator'
export const EVERYBODY: readonly Who[] = ['nobody', 'stranger', 'control', 'agent', 'operator']

export const SECRETS = {
  control: `control-${'c'.repeat(30)}`,
  agent: `agent-${'a'.repeat(30)}`,
  operator: `operator-${'o'.repeat(30)}`,
  stranger: `stranger-${'s'.repeat(30)}`,
} as const

/** Which planes have a token, by what the table calls it. */
export const TOKEN_SETS = {
  none: {},
  all: { control: SECRETS.control, agent: SECRETS.agent, operator: SECRETS.operator },
  'only control': { control: SECRETS.control },
  'only agent': { agent: SECRETS.agent },
  'only operator': { operator: SECRETS.operator },
} as const satisfies Readonly<Record<string, Tokens>>
export type TokenSet = keyof typeof TOKEN_SETS

export const MODES = {
  simulation: { mode: 'simulation' },
  production: { mode: 'production' },
  'production with control': { mode: 'production', productionControl: true },
  minimal: { mode: 'simulation', routes: 'minimal' },
} as const satisfies Readonly<Record<string, ListenOptions>>
export type Mode = keyof typeof MODES

/** `all` modes but minimal, or `sim`ulation alone. */
type Where = 'all' | 'sim'

/** Every HTTP route. Its body is one that the route takes. */
export const ROUTES: Readonly<Record<string, readonly [Audience, Where, body?: unknown]>> = {
  'GET /health': ['open', 'all'],
  'GET /metadata': ['about', 'all'],
  'GET /schema': ['about', 'all'],
  'GET /openapi.json': ['about', 'all'],
  'GET /docs': ['about', 'all'],
  'GET /': ['about', 'all'],
  'GET /web': ['about', 'all'],
  'POST /mcp': ['agent', 'all', { jsonrpc: '2.0', id: 1, method: 'tools/list' }],
  'GET /mcp': ['agent', 'all'],
  'DELETE /mcp': ['agent', 'all'],
  'POST /agent/:capability/mcp': ['capability', 'all', { jsonrpc: '2.0', id: 1, method: 'tools/list' }],
  'GET /agent/:capability/mcp': ['capability', 'all'],
  'DELETE /agent/:capability/mcp': ['capability', 'all'],
  'GET /metrics': ['operator', 'all'],
  'GET /ready': ['operator', 'all'],
  'GET /events': ['operator', 'all'],
  'POST /reset': ['control', 'sim', { task_id: 'theirs-1' }],
  'POST /step': ['control', 'sim', { kind: 'rest' }],
  'GET /state': ['control', 'sim'],
  'POST /sessions': ['control', 'sim', { task_id: 'theirs-1' }],
  'DELETE /sessions/:id': ['control', 'sim'],
  'GET /list_environments': ['control', 'sim'],
  'GET /:env/splits': ['control', 'sim'],
  'POST /:env/tasks': ['control', 'sim', { split: 'train' }],
  'POST /:env/num_tasks': ['control', 'sim', { split: 'train' }],
  'POST /:env/task': ['control', 'sim', { split: 'train', index: 1 }],
  'POST /:env/task_range': ['control', 'sim', { split: 'train' }],
  'GET /version': ['about', 'sim'],
  'GET /:env/tools': ['about', 'sim'],
  'POST /create_session': ['control', 'sim'],
  'POST /create': ['control', 'sim', { split: 'train', index: 1 }],
  'POST /ping': ['control', 'sim'],
  'POST /delete': ['control', 'sim'],
  'POST /delete_session': ['control', 'sim'],
  'GET /:env/prompt': ['control', 'sim'],
  'GET /:env/messages': ['control', 'sim'],
  'GET /:env/task_tools': ['control', 'sim'],
  'POST /:env/call': ['control', 'sim', { name: 'rest', input: {} }],
  'POST /:env/score_group': ['control', 'sim', { candidates: [] }],
}

/** The three routes of minimal mode, which has no others. */
export const MINIMAL_ROUTES: Readonly<Record<string, readonly [Audience, body?: unknown]>> = {
  'POST /reset': ['control', { task_id: 'theirs-1' }],
  'POST /step': ['control', { kind: 'rest' }],
  'POST /state': ['control', {}],
}

/** Every WebSocket path and whom it is for, by mode; minimal mode has none. */
export const SOCKETS: Readonly<Record<string, Readonly<Record<Exclude<Mode, 'minimal'>, Audience>>>> = {
  '/ws': { simulation: 'control', production: 'agent', 'production with control': 'control' },
  '/mcp': { simulation: 'agent', production: 'agent', 'production with control': 'agent' },
  '/agent/:capability/ws': {
    simulation: 'capability',
    production: 'capability',
    'production with control': 'capability',
  },
  '/agent/:capability/mcp': {
    simulation: 'capability',
    production: 'capability',
    'production with control': 'capability',
  },
}

/**
 * What a caller meets: `in`, or a refusal. A row is an audience with the tokens that are set; the five letters are
 * nobody, stranger, control, agent and operator: `i` in, `t` a token is wanted (401), `w` the wrong token (403). A
 * token that is not set is a stranger's.
 */
const ADMISSION: Readonly<Record<Audience, Readonly<Record<TokenSet, string>>>> = {
  open: {
    none: 'iiiii',
    all: 'iiiii',
    'only control': 'iiiii',
    'only agent': 'iiiii',
    'only operator': 'iiiii',
  },
  capability: {
    none: 'iiiii',
    all: 'iiiii',
    'only control': 'iiiii',
    'only agent': 'iiiii',
    'only operator': 'iiiii',
  },
  about: {
    none: 'iiiii',
    all: 'ttiii',
    'only control': 'ttitt',
    'only agent': 'tttit',
    'only operator': 'tttti',
  },
  control: {
    none: 'iiiii',
    all: 'ttiww',
    'only control': 'ttitt',
    'only agent': 'tttwt',
    'only operator': 'ttttw',
  },
  agent: {
    none: 'iiiii',
    all: 'ttiiw',
    'only control': 'ttitt',
    'only agent': 'tttit',
    'only operator': 'ttttw',
  },
  operator: {
    none: 'iiiii',
    all: 'ttwwi',
    // A plane without a token is closed except to control.
    'only control': 'ttitt',
    'only agent': 'tttwt',
    'only operator': 'tttti',
  },
}

export type Outcome = 'in' | 401 | 403

export function admission(audience: Audience, tokens: TokenSet, who: Who): Outcome {
  const letter = ADMISSION[audience][tokens][EVERYBODY.indexOf(who)]
  return letter === 'i' ? 'in' : letter === 't' ? 401 : 403
}
