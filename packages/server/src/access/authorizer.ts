import { json } from '../http/reply.ts'
import type { Plane } from './plane.ts'

/** A secret for each plane; a plane without one is closed once any other has one, except to control [OE-21]. */
export interface Tokens {
  readonly control?: string
  readonly agent?: string
  readonly operator?: string
}

/** Whose token a request carried; `nobody` for none or an unknown one, `anybody` when the server has no tokens. */
export type Principal = 'control' | 'agent' | 'operator' | 'nobody' | 'anybody'

/** Who may use which plane. */
const ADMITTED: Readonly<Record<Plane, readonly Principal[]>> = {
  open: ['control', 'agent', 'operator', 'nobody'],
  // The capability in the path is the credential.
  capability: ['control', 'agent', 'operator', 'nobody'],
  about: ['control', 'agent', 'operator'],
  control: ['control'],
  agent: ['agent', 'control'],
  operator: ['operator'],
}

/** Tells whose request it is, and whether it may enter a plane. */
export class Authorizer {
  readonly #tokens: readonly (readonly [Principal, Uint8Array])[]
  readonly #hasOperator: boolean

  constructor({ control, agent, operator }: Tokens = {}) {
    const named = Object.entries({ control, agent, operator }) as [Principal, string | undefined][]
    this.#tokens = named.flatMap(([principal, token]) =>
      token === undefined ? [] : [[principal, new TextEncoder().encode(token)] as const],
    )
    this.#hasOperator = operator !== undefined
  }

  /** Whether there are no tokens, so that all planes are open to everybody. */
  get isOpen(): boolean {
    return this.#tokens.length === 0
  }

  /** The principal of a request, by `Authorization: Bearer`, `X-API-Key` or a WebSocket subprotocol. */
  principal(headers: Headers): Principal {
    if (this.#tokens.length === 0) return 'anybody'
    const given = credentialOf(headers)
    if (given === undefined) return 'nobody'
    const bytes = new TextEncoder().encode(given)
    let found: Principal = 'nobody'
    // Every token is compared, and every byte of it: the time taken tells nothing.
    for (const [principal, token] of this.#tokens) {
      if (equal(bytes, token)) found = principal
    }
    return found
  }

  admits(principal: Principal, plane: Plane): boolean {
    if (principal === 'anybody') return true
    if (plane === 'operator' && principal === 'control' && !this.#hasOperator) return true
    return ADMITTED[plane].includes(principal)
  }

  /** Null when the request may enter, else the answer that refuses it. */
  refusal(headers: Headers, plane: Plane): Response | null {
    const principal = this.principal(headers)
    if (this.admits(principal, plane)) return null
    if (principal !== 'nobody')
      return json({ status: 403, body: { detail: 'This token is for another plane.' } })
    return json({
      status: 401,
      body: { detail: 'A token is required: send it as "Authorization: Bearer <token>".' },
      headers: { 'www-authenticate': 'Bearer' },
    })
  }
}

/** The subprotocol that a server with tokens answers to browsers. */
export const SOCKET_PROTOCOL = 'openenv'

function credentialOf(headers: Headers): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1]
  if (bearer !== undefined) return bearer
  const key = headers.get('x-api-key')
  if (key !== null && key !== '') return key
  const offered =
    headers
      .get('sec-websocket-protocol')
      ?.split(',')
      .map((name) => name.trim()) ?? []
  const encoded = offered.find((name) => name.startsWith('bearer.'))?.slice('bearer.'.length)
  return encoded === undefined ? undefined : fromBase64Url(encoded)
}

function fromBase64Url(text: string): string | undefined {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)))
  } catch {
    return undefined
  }
}

function equal(given: Uint8Array, token: Uint8Array): boolean {
  let difference = given.length ^ token.length
  for (let at = 0; at < token.length; at += 1) difference |= (given[at] ?? 0) ^ (token[at] ?? 0)
  return difference === 0
}
