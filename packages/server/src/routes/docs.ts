import { isObject } from '@openenv-ts/core'
import { html, type Html } from '../html.ts'
import { page } from '../page.ts'
import type { Route } from '../route.ts'

type Data = Readonly<Record<string, unknown>>

/** `/docs`: the OpenAPI document as a page. */
export function docsRoutes(document: Data): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/docs',
      plane: 'about',
      page: true,
      summary: 'Shows this document as a page',
      handle: () => page('OpenEnv API', documentShown(document)),
    },
  ]
}

function documentShown({ info, paths }: Data): Html {
  const { title, description } = dataOf(info)
  return html`<h1>${textOf(title)}</h1>
    <p>${textOf(description)}</p>
    <p>The routes of this server. The document itself is at <code>openapi.json</code>.</p>
    ${Object.entries(dataOf(paths)).flatMap(([path, methods]) =>
      Object.entries(dataOf(methods)).map(([method, operation]) =>
        operationShown(method, path, dataOf(operation)),
      ),
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
    ...Object.entries(dataOf(responses)).map(([status, response]) =>
      partShown(`${status} ${textOf(dataOf(response)['description'])}`, schemaOf(response)),
    ),
  ]
  return html`<details>
    <summary>
      <b><code>${method.toUpperCase()} ${path}</code></b> ${textOf(summary)} <small>${planes}</small>
    </summary>
    ${parts}
  </details> `
}

function partShown(title: string, value: unknown): Html {
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
