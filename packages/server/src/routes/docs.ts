import { isObject } from '@openenv-ts/core/host'
import { html, type Html } from '../http/html.ts'
import { PAGE } from '../http/operation.ts'
import { page } from '../http/page.ts'
import type { Route, Visit } from '../http/route.ts'

type Data = Readonly<Record<string, unknown>>

/** `/docs`: the OpenAPI document as a page. */
export function docsRoutes(document: (sees: Visit['sees']) => Promise<Data>): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/docs',
      plane: 'about',
      page: true,
      summary: 'Shows this document as a page',
      operation: { answers: { 200: PAGE } },
      handle: async (_request, _parameters, { sees }) =>
        page('OpenEnv API', documentShown(await document(sees))),
    },
  ]
}

function documentShown({ info, paths, components }: Data): Html {
  const { title, description } = dataOf(info)
  return html`<h1>${textOf(title)}</h1>
    <p>${textOf(description)}</p>
    <p>The routes of this server. The document itself is at <code>openapi.json</code>.</p>
    ${Object.entries(dataOf(paths)).flatMap(([path, methods]) =>
      Object.entries(dataOf(methods)).map(([method, operation]) =>
        operationShown(method, path, dataOf(operation)),
      ),
    )}
    <h2>Schemas</h2>
    ${Object.entries(dataOf(dataOf(components)['schemas'])).map(
      ([name, schema]) =>
        html`<details id="${name}">
          <summary><code>#/components/schemas/${name}</code></summary>
          <pre>${JSON.stringify(schema, null, 1)}</pre>
        </details> `,
    )}
    <footer>
      This page is on the plane <code>about</code>: with tokens set, any of them opens it. Beside each route
      stands its plane, which is who may use it.
    </footer>`
}

function operationShown(
  method: string,
  path: string,
  { summary, tags, parameters, requestBody, responses }: Data,
): Html {
  const planes = Array.isArray(tags) ? tags.map(textOf).join(', ') : ''
  const parts = [
    partShown('Parameters', Array.isArray(parameters) ? parameters : undefined),
    partShown('Body', schemaOf(requestBody)),
    ...Object.entries(dataOf(responses))
      .filter(([status]) => !isRefusal(status))
      .map(([status, response]) =>
        partShown(`${status} ${textOf(dataOf(response)['description'])}`, schemaOf(response)),
      ),
  ]
  const refusals = Object.keys(dataOf(responses)).filter(isRefusal).join(', ')
  return html`<details>
    <summary>
      <b><code>${method.toUpperCase()} ${path}</code></b> ${textOf(summary)} <small>${planes}</small>
    </summary>
    ${parts}
    <p><small>Refusals: ${refusals}</small></p>
  </details> `
}

/** Refusals look the same on every route: see the schemas Failure and InvalidRequest. */
function isRefusal(status: string): boolean {
  return Number(status) >= 400
}

function partShown(title: string, value: unknown): Html {
  const reference = textOf(dataOf(value)['$ref']).split('/').at(-1) ?? ''
  if (reference !== '') return html`<p><small>${title}</small> <a href="#${reference}">${reference}</a></p>`
  const isEmpty = value === undefined || (isObject(value) && Object.keys(value).length === 0)
  return isEmpty
    ? html`<p><small>${title}</small></p>`
    : html`<small>${title}</small>
        <pre>${JSON.stringify(value, null, 2)}</pre>`
}

/** The first schema of a body or a response, whatever its content type. */
function schemaOf(described: unknown): unknown {
  const [first] = Object.values(dataOf(dataOf(described)['content']))
  return dataOf(first)['schema']
}

function dataOf(value: unknown): Data {
  return isObject(value) ? value : {}
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
