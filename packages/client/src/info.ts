import { isOpenEnvError, OpenEnvError, type JsonSchema } from '@openenv-ts/core'
import { isObject } from '@openenv-ts/core/host'
import type { WireSchemas } from '@openenv-ts/core/wire'
import { askJson, type HttpOptions } from './http.ts'
import { parseServerUrl } from './url.ts'

/** One of the environments of a server that serves several. */
export interface ListedEnvironment {
  readonly name: string
  readonly description: string
  /** Where the server says that it is. Nothing is sent there before the caller asks for it. */
  readonly url: string
  /** False for one that could not be loaded: its resets say why. */
  readonly available: boolean
}

/** What a server says about its environment. */
export interface ServerMetadata {
  readonly name: string
  readonly description: string
  readonly version: string | null
  readonly author: string | null
  readonly readme_content: string | null
  readonly documentation_url: string | null
  /** At the root of several environments: which there are. Absent for a single one. */
  readonly environments?: readonly ListedEnvironment[]
}

/** Everything that a server tells about itself. */
export interface ServerInfo {
  readonly url: string
  readonly health: { readonly status: string }
  readonly metadata: ServerMetadata
  /** Null at the root of several environments: each has its own. */
  readonly schemas: WireSchemas | null
}

/** Asks a server for its health, its environment's description and its schemas; of several, for their list. */
export async function info(url: string | URL, options: HttpOptions = {}): Promise<ServerInfo> {
  // First, since every OpenEnv server has it: a server that is down, or is another one, is told from a fault of a route.
  const health = objectAt('/health', await askHealth(url, options))
  const metadata = await fetchMetadata(url, options)
  const schemas = metadata.environments === undefined ? await fetchSchemas(url, options) : null
  return {
    url: parseServerUrl(url).http,
    health: { status: textOr(health['status'], 'unknown') },
    metadata,
    schemas,
  }
}

/** Asks for `GET /health`; an address without it is not that of an OpenEnv server. */
async function askHealth(url: string | URL, options: HttpOptions): Promise<unknown> {
  try {
    return await askJson(url, '/health', options)
  } catch (cause) {
    if (!isOpenEnvError(cause) || cause.code !== 'NOT_SUPPORTED') throw cause
    throw new OpenEnvError(
      'CONNECTION_ERROR',
      `${parseServerUrl(url).http} answers, but not as an OpenEnv server: it has no /health. Give the address that the server printed when it started, without /ws, /mcp or /web.`,
      { cause },
    )
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
    ...(Array.isArray(body['environments']) ? { environments: listed(body['environments']) } : {}),
  }
}

/** Entries without a name or an address cannot be used, and are left out. */
function listed(entries: readonly unknown[]): ListedEnvironment[] {
  return entries
    .filter(isObject)
    .flatMap(({ name, description, url, available }) =>
      typeof name === 'string' && typeof url === 'string'
        ? [{ name, description: textOr(description, ''), url, available: available !== false }]
        : [],
    )
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
