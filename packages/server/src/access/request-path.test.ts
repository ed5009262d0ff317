import { echo } from '@openenv-ts/echo'
import { describe, expect, it } from 'vitest'
import { createApp, type App } from '../app.ts'
import { canonicalTarget } from './request-path.ts'

const HOST = 'localhost:8000'

/** Where a target leads: the status of a refusal, or the route that answers. */
async function route(app: App, target: string, way: 'http' | 'socket'): Promise<string> {
  const read = canonicalTarget(target, HOST)
  if (typeof read === 'number') return String(read)
  const request = new Request(`http://${HOST}${read}`)
  if (way === 'http') {
    const { status } = await app.fetch(request)
    return status === 404 ? 'nothing' : 'a route'
  }
  const decision = app.upgrade(request)
  if (!(decision instanceof Response)) return 'a route'
  return decision.status === 404 ? 'nothing' : 'a route'
}

/** Spellings of `/mcp`, which is a route of both HTTP and WebSockets, and where they lead. */
const SPELLINGS: readonly (readonly [target: string, leads: 'a route' | 'nothing' | '400' | '403'])[] = [
  ['/mcp', 'a route'],
  ['/mcp?x=1', 'a route'],
  ['/mcp/', 'a route'],
  ['/mcp/?x=1', 'a route'],
  ['/mcp//', 'nothing'],
  ['/mcp?a=\\', 'a route'],
  ['//mcp', 'nothing'],
  ['//x/mcp', 'nothing'],
  ['///mcp', 'nothing'],
  ['//localhost:8000/mcp', 'nothing'],
  ['/\\x/mcp', '400'],
  ['\\mcp', '400'],
  ['/mcp\\', '400'],
  ['/mcp#x', '400'],
  ['mcp', '400'],
  ['*', '400'],
  ['', '400'],
  ['localhost:8000', '400'],
  ['/./mcp', 'a route'],
  ['/x/../mcp', 'a route'],
  ['/x/%2e%2e/mcp', 'a route'],
  ['/x/.%2E/mcp', 'a route'],
  ['/../../mcp', 'a route'],
  ['/x/..;/mcp', 'nothing'],
  ['/%6dcp', 'a route'],
  ['/%6Dcp', 'a route'],
  ['/mcp%2f', 'nothing'],
  ['/%2fmcp', 'nothing'],
  ['/%256dcp', 'nothing'],
  ['/mcp%00', 'nothing'],
  ['/mcp%20', 'nothing'],
  ['/MCP', 'nothing'],
  ['/mcp;x', 'nothing'],
  ['/mcp%', 'nothing'],
  ['http://localhost:8000/mcp', 'a route'],
  ['HTTP://LOCALHOST:8000/x/../mcp', 'a route'],
  ['http://localhost:8000//mcp', 'nothing'],
  ['http://evil.example/mcp', '403'],
  ['http://localhost/mcp', '403'],
  ['http://localhost:8000@evil.example/mcp', '403'],
  ['ftp://localhost:8000/mcp', '400'],
]

describe('a request target', () => {
  it.each(SPELLINGS)('%s leads to %s, over HTTP and at a handshake', async (target, leads) => {
    const app = createApp(echo)
    expect([await route(app, target, 'http'), await route(app, target, 'socket')]).toEqual([leads, leads])
    await app.close()
  })

  it('is in its one form after it has been read once', () => {
    for (const [target] of SPELLINGS) {
      const read = canonicalTarget(target, HOST)
      if (typeof read === 'string') expect(canonicalTarget(read, HOST)).toBe(read)
    }
  })
})
