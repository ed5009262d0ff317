import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { echo } from '@openenv-ts/echo'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { get } from '../../test/http-client.ts'
import { serve } from '../node.ts'
import { installedApiPage } from '../swagger-ui.ts'

let folder: string
/** A module beside which swagger-ui-dist is installed, as npm lays it out. */
let neighbour: URL

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'docs-'))
  const installed = join(folder, 'node_modules', 'swagger-ui-dist')
  await mkdir(installed, { recursive: true })
  await writeFile(join(installed, 'package.json'), '{"name":"swagger-ui-dist","version":"5.0.0"}')
  await writeFile(join(installed, 'swagger-ui.css'), 'body {}')
  await writeFile(join(installed, 'swagger-ui-bundle.js'), 'var SwaggerUIBundle')
  await writeFile(join(installed, 'secret.txt'), 'not for you')
  neighbour = pathToFileURL(join(folder, 'server.js'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('/docs', () => {
  it('says what to install where the package is not', async () => {
    await using server = await serve(echo, {
      port: 0,
      apiPage: installedApiPage(pathToFileURL('/nowhere/server.js')),
    })
    for (const path of ['/docs', '/docs/swagger-ui.css']) {
      const { status, body } = await get(server.url, path)
      expect(status).toBe(501)
      expect(body['detail']).toContain('npm install swagger-ui-dist@5')
    }
  })

  it.each(['', '/p'])('is a page of three files below the base path %j where it is', async (basePath) => {
    await using server = await serve(echo, { port: 0, basePath, apiPage: installedApiPage(neighbour) })
    const page = await fetch(`${server.url}/docs`)
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    const links = [...(await page.text()).matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link]) => link ?? '')
    expect(links).toHaveLength(3)
    const types = await Promise.all(
      links.map(async (link) => {
        const response = await fetch(new URL(link, page.url))
        expect(response.status).toBe(200)
        expect(response.headers.get('x-content-type-options')).toBe('nosniff')
        return response.headers.get('content-type')
      }),
    )
    expect(types).toEqual(
      ['text/css', 'text/javascript', 'text/javascript'].map((type) => `${type}; charset=utf-8`),
    )
    const start = await (await fetch(`${server.url}/docs/start.js`)).text()
    const document = /url: '([^']+)'/.exec(start)?.[1] ?? ''
    const { body } = await get(new URL(document, page.url).href, '')
    expect(body).toMatchObject({ openapi: '3.1.0', servers: [{ url: basePath === '' ? '/' : basePath }] })
  })

  it.each([
    '/docs/secret.txt',
    '/docs/package.json',
    '/docs/..%2fpackage.json',
    '/docs/%2e%2e%2fserver.js',
    '/docs/..%5cpackage.json',
    '/docs/__proto__',
    '/docs/constructor',
    '/docs/swagger-ui.css%00',
    '/docs/swagger-ui.css/x',
  ])('gives out no other file: %s', async (path) => {
    await using server = await serve(echo, { port: 0, apiPage: installedApiPage(neighbour) })
    expect((await get(server.url, path)).status).toBe(404)
  })

  it('wants a token where there are tokens, as every route but /health does [OE-21]', async () => {
    const tokens = { control: 'c'.repeat(32) }
    await using server = await serve(echo, { port: 0, tokens, apiPage: installedApiPage(neighbour) })
    expect((await fetch(`${server.url}/docs`)).status).toBe(401)
    const headers = { authorization: `Bearer ${tokens.control}` }
    expect((await fetch(`${server.url}/docs`, { headers })).status).toBe(200)
    expect((await get(server.url, '/openapi.json')).status).toBe(401)
  })

  it('is not among the minimal routes [ET-14]', async () => {
    await using server = await serve(echo, {
      port: 0,
      routes: 'minimal',
      apiPage: installedApiPage(neighbour),
    })
    expect((await get(server.url, '/docs')).status).toBe(404)
  })
})
