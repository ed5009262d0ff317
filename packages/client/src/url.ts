import { OpenEnvError } from '@openenv-ts/core'

/** Where a server's routes are; neither address ends in a slash. */
export interface ServerUrl {
  /** Base of the HTTP routes, path prefix included: `http://localhost:8000/prefix`. */
  readonly http: string
  /** The session socket: `ws://localhost:8000/prefix/ws`. */
  readonly socket: string
}

/** Where the session socket is, below a server's address. */
export const SOCKET_ROUTE = '/ws'

const SCHEMES: Readonly<Record<string, readonly [http: string, socket: string]>> = {
  'http:': ['http:', 'ws:'],
  'https:': ['https:', 'wss:'],
  'ws:': ['http:', 'ws:'],
  'wss:': ['https:', 'wss:'],
}

/**
 * Reads a server's address: `http`, `https`, `ws` or `wss`, or a bare host, which means `http`. A path prefix stays.
 *
 * @throws OpenEnvError `VALIDATION_ERROR` when it is none, or has a query, a fragment or credentials.
 */
export function parseServerUrl(url: string | URL): ServerUrl {
  const text = String(url).trim()
  let parsed: URL
  try {
    parsed = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  } catch (cause) {
    throw badUrl(text, 'is not a URL', cause)
  }
  const schemes = SCHEMES[parsed.protocol]
  if (schemes === undefined)
    throw badUrl(text, `has the scheme ${parsed.protocol} and needs http, https, ws or wss`)
  if (text.includes('?')) throw badUrl(text, 'has a query; give the address of the server alone')
  if (text.includes('#')) throw badUrl(text, 'has a fragment; give the address of the server alone')
  if (parsed.username !== '' || parsed.password !== '') {
    throw badUrl(parsed.host, 'has credentials in it; give the option `token` instead')
  }
  const place = `//${parsed.host}${parsed.pathname.replace(/\/+$/, '')}`
  return { http: `${schemes[0]}${place}`, socket: `${schemes[1]}${place}${SOCKET_ROUTE}` }
}

function badUrl(text: string, fault: string, cause?: unknown): OpenEnvError {
  const msg = `The server address "${text.slice(0, 200)}" ${fault}. Example: http://localhost:8000`
  return new OpenEnvError('VALIDATION_ERROR', msg, {
    http: 400,
    issues: [{ type: 'invalid_value', loc: ['url'], msg }],
    cause,
  })
}
