/** An answer before it is written out. */
export interface RouteReply {
  readonly status?: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** A JSON answer. */
export function json(reply: RouteReply): Response {
  return new Response(...jsonParts(reply))
}

/** What a JSON answer is made of. */
export function jsonParts({ status = 200, body, headers = {} }: RouteReply): [string, ResponseInit] {
  return [JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } }]
}
