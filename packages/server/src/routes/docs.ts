import { OpenEnvError } from '@openenv-ts/core'
import { json, type Route } from '../route.ts'

/** The files of Swagger UI that the page needs, and nothing else of that package. */
const FILE_TYPES = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
} as const

/** A file of the npm package `swagger-ui-dist`. */
export type ApiPageFile = keyof typeof FILE_TYPES

/** Reads a file of Swagger UI; `undefined` where it is not installed. */
export type ReadApiPage = (file: ApiPageFile) => Promise<Uint8Array<ArrayBuffer> | undefined>

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>OpenEnv API</title>
    <link rel="stylesheet" href="docs/swagger-ui.css">
  </head>
  <body>
    <div id="api"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`
const START = "SwaggerUIBundle({ url: 'openapi.json', dom_id: '#api' })\n"

/** The page runs what this server sent, and talks to this server only. */
const HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
}

/** `/docs`: the OpenAPI document as a page, where Swagger UI is installed. */
export function docsRoutes(read: ReadApiPage = () => Promise.resolve(undefined)): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/docs',
      plane: 'about',
      summary: 'Shows this document as a page',
      handle: async () => {
        if ((await read('swagger-ui.css')) === undefined) throw notInstalled()
        return file(PAGE, 'text/html; charset=utf-8')
      },
    },
    {
      method: 'GET',
      path: '/docs/:file',
      plane: 'about',
      summary: 'A file of that page',
      handle: async (_request, { file: name = '' }) => {
        if (name === 'start.js') return file(START, FILE_TYPES['swagger-ui-bundle.js'])
        if (!isPageFile(name)) return json({ status: 404, body: { detail: 'Not Found' } })
        const bytes = await read(name)
        if (bytes === undefined) throw notInstalled()
        return file(bytes, FILE_TYPES[name])
      },
    },
  ]
}

function isPageFile(name: string): name is ApiPageFile {
  return Object.hasOwn(FILE_TYPES, name)
}

function file(content: string | Uint8Array<ArrayBuffer>, type: string): Response {
  return new Response(content, { headers: { ...HEADERS, 'content-type': type } })
}

function notInstalled(): OpenEnvError {
  return new OpenEnvError(
    'NOT_SUPPORTED',
    'The API page needs a package that is not installed: npm install swagger-ui-dist@5. The document itself is at openapi.json.',
  )
}
