import type { Reply, Status } from '../episode.ts'
import type { Info } from '../info.ts'
import { OpenEnvError } from '../errors.ts'
import { isObject, type Json } from '../json.ts'
import { termsOfInfo, type Term, type Terms } from '../terms.ts'

/**
 * A reply to reset or step on the wire of OpenEnv.
 *
 * `info` stands in `observation.metadata` always, and at the top level when there is any: clients of different
 * ages read different copies. `truncated` and `terms` are ours; others ignore them. These messages are the control
 * plane's, so `terms` has weights and evidence; every client finds the values in the metadata, as `reward.<term>`.
 */
export interface WireReply {
  readonly observation: Readonly<Record<string, unknown>>
  readonly reward: number | null
  readonly done: boolean
  readonly metadata?: Info
  readonly info?: Info
  readonly truncated?: true
  readonly terms?: Terms
}

/** A reply as WebSocket frames carry it. */
export function replyToWire(reply: Reply<unknown>): WireReply {
  const { info } = reply
  const wire: { -readonly [K in keyof WireReply]: WireReply[K] } = {
    observation: { ...(reply.observation as object), metadata: info },
    reward: reply.reward,
    done: reply.done,
  }
  for (const _key in info) {
    wire.metadata = info
    break
  }
  if (reply.status === 'truncated') wire.truncated = true
  if (reply.terms !== undefined) wire.terms = reply.terms
  return wire
}

/** A reply as HTTP carries it: `info` beside what the WebSocket says [OE-7]. */
export function replyToHttp(reply: Reply<unknown>): WireReply {
  return { ...replyToWire(reply), info: reply.info }
}

/** A reply of the minimal routes: observation as declared, and `info` [ET-14]. */
export function replyToMinimal(
  reply: Reply<unknown>,
  call: 'reset' | 'step',
): Readonly<Record<string, unknown>> {
  const { observation, reward, done, info } = reply
  return call === 'reset' ? { observation, info } : { observation, reward, done, info }
}

/**
 * Reads a reply of any OpenEnv server.
 *
 * Tolerant where servers differ: metadata may stand in either place, flags may be missing, `NaN` came as null.
 *
 * @throws OpenEnvError `CONNECTION_ERROR` when it is no reply at all.
 */
export function replyFromWire(data: unknown): Reply<Record<string, unknown>> {
  if (!isObject(data) || !isObject(data['observation'])) {
    throw new OpenEnvError('CONNECTION_ERROR', 'The server sent a reply without an observation.')
  }
  const { metadata: inner, ...observation } = data['observation']
  const info = flatInfo(data['metadata'] ?? data['info'] ?? inner)
  const done = data['done'] === true || data['done'] === 1
  const status: Status = !done ? 'running' : data['truncated'] === true ? 'truncated' : 'terminated'
  const terms = readTerms(data['terms']) ?? termsOfInfo(info)
  const reply = { observation, reward: rewardOf(data['reward']), status, done, info }
  return terms === undefined ? reply : { ...reply, terms }
}

function rewardOf(value: unknown): number | null {
  if (typeof value === 'boolean') return value ? 1 : 0
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

/** Keeps what {@link Info} can hold; anything nested goes in as JSON text rather than being lost. */
function flatInfo(value: unknown): Info {
  if (!isObject(value)) return {}
  const info: Record<string, string | number | boolean> = {}
  for (const [key, item] of Object.entries(value)) {
    if (typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean') info[key] = item
    else if (item !== null && item !== undefined) info[key] = JSON.stringify(item)
  }
  return info
}

/** Terms as our own servers send them; undefined for anything else. */
function readTerms(value: unknown): Terms | undefined {
  if (!Array.isArray(value)) return undefined
  const terms: Term[] = []
  for (const term of value as readonly unknown[]) {
    if (!isObject(term)) return undefined
    const { name, value: scored, weight, evidence } = term
    if (typeof name !== 'string' || typeof scored !== 'number' || typeof weight !== 'number') return undefined
    const read = { name, value: scored, weight }
    terms.push(evidence === undefined ? read : { ...read, evidence: evidence as Json })
  }
  return terms
}
