/** What a client reads, by its `Accept` header. A missing header means anything (RFC 9110, section 12.5.1). */
export interface Accepted {
  readonly json: boolean
  readonly stream: boolean
  /** Whether event streams are named, and not only allowed by a wildcard: clients of JSON alone send wildcards too. */
  readonly namesStream: boolean
}

/** Reads an `Accept` header. */
export function accepted(header: string | null): Accepted {
  const types = (header ?? '*/*')
    .toLowerCase()
    .split(',')
    .map((part) => part.split(';').map((text) => text.trim()))
    .filter(([, ...parameters]) => !parameters.some((text) => /^q=0(?:\.0*)?$/.test(text)))
    .map(([type = '']) => type)
  const names = (type: string): boolean =>
    types.includes(type) || types.includes(`${type.split('/')[0] ?? ''}/*`)
  const all = types.includes('*/*')
  const namesStream = names('text/event-stream')
  return { json: all || names('application/json'), stream: all || namesStream, namesStream }
}

/** The request as the SDK wants to see it: it looks for both types by their names. */
export function acceptingBoth(request: Request): Request {
  const headers = new Headers(request.headers)
  headers.set(
    'accept',
    request.method === 'POST' ? 'application/json, text/event-stream' : 'text/event-stream',
  )
  return new Request(request.url, { method: request.method, headers, signal: request.signal })
}

/**
 * The answers of an event stream as one JSON body, for clients that read no streams. Notifications are left out.
 *
 * @param batch - Whether a batch was asked, so that an array is answered.
 */
export async function asJson(response: Response, batch: boolean): Promise<Response> {
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) return response
  const text = await response.text()
  // Each event of the SDK is one line of JSON.
  const answers = [...text.matchAll(/^data: (.*)$/gm)]
    .map(([, data = '']) => data)
    .filter((data) => isAnswer(data))
  const headers = new Headers({ 'content-type': 'application/json' })
  const session = response.headers.get('mcp-session-id')
  if (session !== null) headers.set('mcp-session-id', session)
  const [only] = answers
  // Cancelled: there is nothing to answer.
  if (only === undefined) return new Response(null, { status: 202 })
  return new Response(batch ? `[${answers.join(',')}]` : only, { status: response.status, headers })
}

function isAnswer(data: string): boolean {
  if (data === '') return false
  const message = JSON.parse(data) as object
  return 'result' in message || 'error' in message
}
