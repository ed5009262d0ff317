import { isObject, OpenEnvError, type JsonSchema } from '@openenv-ts/core'
import type { WireSchemas } from '@openenv-ts/core/wire'
import { askJson, type HttpOptions } from './http.ts'
import { parseServerUrl } from './url.ts'

/** What a server says about its environment. */
export interface ServerMetadata {
  readonly name: string
  readonly description: string
  readonly version: string | null
  readonly author: string | null
  readonly readme_content: string | null
  readonly documentation_url: string | null
}

/** Everything that a server tells about itself. */
export interface ServerInfo {
  readonly url: string
  readonly health: { readonly status: string }
  readonly metadata: ServerMetadata
  readonly schemas: WireSchemas
}

/** Asks a server for its health, its environment's description and its schemas. */
export async function info(url: string | URL, options: HttpOptions = {}): Promise<ServerInfo> {
  // In this order: whoever is down or no OpenEnv server says so at the first question.
  const health = objectAt('/health', await askJson(url, '/health', options))
  const [metadata, schemas] = await Promise.all([fetchMetadata(url, options), fetchSchemas(url, options)])
  return {
    url: parseServerUrl(url).http,
    health: { status: textOr(health['status'], 'unknown') },
    metadata,
    schemas,
  }
}

/** Asks for `GET /metadata`. */
export async function fetchMetadata(url: string | URL, options: HttpOptions): Promise<ServerMetadata> {
  const body = objectAt('/metadata', await askJson(url, '/metadata', options))
  const text = (key: string): string | null => textOr(body[key], null)
  return {
    name: text('name') ?? 'unknown',
    description: text('description') ?? '',
    version: text('version'),
    author: text('author'),
    readme_content: text('readme_content'),
    documentation_url: text('documentation_url'),
  }
}

/** Asks for `GET /schema`. */
export async function fetchSchemas(url: string | URL, options: HttpOptions): Promise<WireSchemas> {
  const body = objectAt('/schema', await askJson(url, '/schema', options))
  const schema = (key: string): JsonSchema => objectAt(`/schema at "${key}"`, body[key])
  const observation = schema('observation')
  // Old servers have one schema for both.
  const opening = body['reset_observation'] === undefined ? observation : schema('reset_observation')
  return { action: schema('action'), observation, state: schema('state'), reset_observation: opening }
}

function objectAt(place: string, value: unknown): Record<string, unknown> {
  if (isObject(value)) return value
  throw new OpenEnvError(
    'CONNECTION_ERROR',
    `The server answered ${place} with something that is no JSON object.`,
  )
}

function textOr<T>(value: unknown, otherwise: T): string | T {
  return typeof value === 'string' ? value : otherwise
}
