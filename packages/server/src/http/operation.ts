/** A JSON Schema, draft 2020-12; `$ref` may name one of the document's components. */
export type Schema = Readonly<Record<string, unknown>>

/** What a route takes and answers, for the OpenAPI document. What all routes share is added when it is assembled. */
export interface Operation {
  readonly headers?: readonly HeaderParameter[]
  readonly body?: Body
  /** What it answers when all is well, by status. */
  readonly answers: Readonly<Record<number, Answer>>
  /** Statuses with which it refuses, beside those of its plane and of its body. */
  readonly refusals?: readonly number[]
  /** Whether refusals are JSON-RPC, as MCP has them. */
  readonly speaksRpc?: true
  /** Whether it is always refused here, since the server or the environment lacks what it needs: it is left out. */
  readonly unsupported?: boolean
}

/** A header that a route reads. */
export interface HeaderParameter {
  readonly name: string
  readonly required: boolean
  readonly description: string
  readonly schema: Schema
}

/** A body that a route reads. */
export interface Body {
  /** When it may be left out, it is `{}`. */
  readonly required: boolean
  readonly schema: Schema
  /** `application/json` when not given. */
  readonly type?: string
}

/** An answer of a route: schemas by content type; none for an answer without a body. */
export interface Answer {
  readonly content?: Readonly<Record<string, Schema>>
  /** Names of headers that it always has, with what they say. */
  readonly headers?: Readonly<Record<string, string>>
}

/** A component of the document. */
export function component(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` }
}

/** An object with exactly these fields, all of them there. */
export function record(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false }
}

/** An answer of JSON. */
export function jsonAnswer(schema: Schema): Answer {
  return { content: { 'application/json': schema } }
}

/** An answer of server-sent events; its schema is that of one event. */
export const EVENTS: Answer = {
  content: { 'text/event-stream': { type: 'object', properties: { event: { type: 'string' }, data: {} } } },
}

/** A page for people. */
export const PAGE: Answer = { content: { 'text/html': { type: 'string' } } }

export const TEXT: Schema = { type: 'string' }
