import { isOpenEnvError, OpenEnvError } from '@openenv-ts/core'
import { fetchWithinOrigin, readText } from '../fetch-within-origin.ts'
import { answerError, reasonOf } from '../http.ts'
import { readJsonOr } from '../read-json.ts'
import { unreachable } from '../unreachable.ts'
import { requireJson } from '../write-json.ts'

/** Where an ORS server is, and what goes along with every request to it. */
export interface OrsServer {
  /** Base of the routes, without a trailing slash. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** One request. */
export interface OrsRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Which session it is about. */
  readonly session?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/**
 * Sends a request and answers what came back, whatever the status.
 *
 * @throws OpenEnvError `CONNECTION_ERROR` when nobody answers; the signal's reason when it is aborted.
 */
export async function send(server: OrsServer, request: OrsRequest): Promise<Response> {
  const { method, path, session, body, headers, signal } = request
  if (body !== undefined) requireJson('request', 'body', body)
  try {
    const init: RequestInit = {
      method,
      headers: {
        ...server.headers,
        ...(session === undefined ? {} : { 'x-session-id': session }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    }
    return await fetchWithinOrigin(server.url + path, init, path)
  } catch (cause) {
    if (signal.aborted) throw signal.reason
    if (isOpenEnvError(cause)) throw cause
    throw unreachable(server.url, reasonOf(cause), cause)
  }
}

/**
 * Sends a request for JSON.
 *
 * @throws OpenEnvError as {@link send}, and what the server answers as an error, with its status as `http`.
 */
export async function sendForJson(server: OrsServer, request: OrsRequest): Promise<unknown> {
  return readAnswer(server, request, await send(server, request))
}

/** The JSON of a response, or the error that it stands for. */
export async function readAnswer(
  server: OrsServer,
  request: OrsRequest,
  response: Response,
): Promise<unknown> {
  const body = await readBody(server, response, request.signal)
  if (response.ok && body !== undefined) return body
  throw answerError(server.url + request.path, response.status, body)
}

async function readBody(server: OrsServer, response: Response, signal: AbortSignal): Promise<unknown> {
  let text: string
  try {
    text = await readText(response)
  } catch (cause) {
    if (signal.aborted) throw signal.reason
    if (isOpenEnvError(cause)) throw cause
    throw new OpenEnvError('CONNECTION_ERROR', `The connection to ${server.url} broke off.`, { cause })
  }
  return readJsonOr(text)
}
