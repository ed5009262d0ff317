import { wireSchemas } from '@openenv-ts/core/wire'
import type { ServerOptions } from '../options.ts'
import type { Host, Route } from '../route.ts'

/** What anybody may know: that the server lives, and what the environment is. */
export function infoRoutes(host: Host, about: NonNullable<ServerOptions['about']>): readonly Route[] {
  const { name, description, version } = host.environment
  const schemas = wireSchemas(host.environment)
  const metadata = {
    name,
    description,
    readme_content: about.readme ?? null,
    version,
    author: about.author ?? null,
    documentation_url: about.documentationUrl ?? null,
  }
  return [
    {
      method: 'GET',
      path: '/health',
      plane: 'open',
      summary: 'Says that the server accepts sessions',
      handle: () => ({ body: { status: 'healthy' } }),
    },
    {
      method: 'GET',
      path: '/metadata',
      plane: 'about',
      summary: 'Describes the environment',
      handle: () => ({ body: metadata }),
    },
    {
      method: 'GET',
      path: '/schema',
      plane: 'about',
      summary: 'Publishes the JSON Schemas of action, observation and state',
      handle: () => ({ body: schemas }),
    },
  ]
}
