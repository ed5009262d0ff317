import { wireSchemas } from '@openenv-ts/core/wire'
import { jsonAnswer, record, TEXT, type Operation } from '../http/operation.ts'
import type { ServerOptions } from '../options.ts'
import type { Route } from '../http/route.ts'
import type { Host } from '../host.ts'
import { whyUnavailable } from '../unavailable.ts'

const TEXT_OR_NULL = { type: ['string', 'null'] }

/** What `/health` says. */
export const HEALTH: Operation = { answers: { 200: jsonAnswer(record({ status: { const: 'healthy' } })) } }

/** What it says of an environment that could not be loaded. */
const UNHEALTHY: Operation = { answers: { 503: jsonAnswer(record({ status: { const: 'unhealthy' } })) } }

/** What anybody may know: that the server lives, and what the environment is. */
export function infoRoutes(host: Host, about: NonNullable<ServerOptions['about']>): readonly Route[] {
  const { name, description, version } = host.environment
  const schemas = wireSchemas(host.environment)
  const withoutView = wireSchemas(host.environment, false)
  const available = whyUnavailable(host.environment) === undefined
  const metadata = {
    name,
    description,
    readme_content: about.readme ?? null,
    version: available ? version : null,
    author: about.author ?? null,
    documentation_url: about.documentationUrl ?? null,
    ...(available ? {} : { available }),
  }
  return [
    {
      method: 'GET',
      path: '/health',
      plane: 'open',
      summary: 'Says that the server accepts sessions',
      operation: available ? HEALTH : UNHEALTHY,
      handle: () =>
        available ? { body: { status: 'healthy' } } : { status: 503, body: { status: 'unhealthy' } },
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
              ...{ name: TEXT, description: TEXT, readme_content: TEXT_OR_NULL },
              ...{ version: available ? TEXT : { type: 'null' } },
              ...{ author: TEXT_OR_NULL, documentation_url: TEXT_OR_NULL },
              ...(available ? {} : { available: { const: false } }),
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
      handle: (_request, _parameters, { sees }) => ({
        body: host.mode === 'simulation' && sees('control') ? schemas : withoutView,
      }),
    },
  ]
}
