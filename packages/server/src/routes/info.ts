import { wireSchemas } from '@openenv-ts/core/wire'
import { jsonAnswer, record, TEXT, type Operation } from '../operation.ts'
import type { ServerOptions } from '../options.ts'
import type { Host, Route } from '../route.ts'

const TEXT_OR_NULL = { type: ['string', 'null'] }

/** What `/health` says. */
export const HEALTH: Operation = { answers: { 200: jsonAnswer(record({ status: { const: 'healthy' } })) } }

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
      operation: HEALTH,
      handle: () => ({ body: { status: 'healthy' } }),
    },
    {
      method: 'GET',
      path: '/metadata',
      plane: 'about',
      summary: 'Describes the environment',
      operation: {
        answers: {
          200: jsonAnswer(
            record({
              ...{ name: TEXT, description: TEXT, readme_content: TEXT_OR_NULL, version: TEXT },
              ...{ author: TEXT_OR_NULL, documentation_url: TEXT_OR_NULL },
            }),
          ),
        },
      },
      handle: () => ({ body: metadata }),
    },
    {
      method: 'GET',
      path: '/schema',
      plane: 'about',
      summary: 'Publishes the JSON Schemas of action, observation and state',
      operation: {
        answers: {
          200: jsonAnswer(
            record(Object.fromEntries(Object.keys(schemas).map((name) => [name, { type: 'object' }]))),
          ),
        },
      },
      handle: () => ({ body: schemas }),
    },
  ]
}
