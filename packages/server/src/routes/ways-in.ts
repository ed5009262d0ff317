import type { AnyEnvironment } from '@openenv-ts/core'
import type { Route, SocketRoute } from '../http/route.ts'
import type { Plane } from '../access/plane.ts'

/** A protocol that a server speaks, and how to begin with it. */
export interface WayIn {
  readonly protocol: string
  readonly url: string
  /** Whom it is for. */
  readonly plane: Plane
  /** Lines to copy, by what they are for. */
  readonly lines: readonly (readonly [label: string, line: string])[]
}

/** What a server offers. */
export interface Offer {
  readonly environment: Pick<AnyEnvironment, 'name'>
  readonly routes: readonly Pick<Route, 'method' | 'path' | 'plane'>[]
  readonly sockets: readonly Pick<SocketRoute, 'path' | 'plane'>[]
}

/**
 * Lists the protocols that a server speaks, by what it mounts.
 *
 * @param base - The server's address.
 * @param agents - Where agents reach it, and whether an MCP client gets an episode by itself.
 */
export function waysIn(
  { environment: { name }, routes, sockets }: Offer,
  base: string,
  agents: { readonly agentBase: string; readonly playsAtMcp: boolean },
): readonly WayIn[] {
  const ways: WayIn[] = []
  const route = (method: string, path: string) =>
    routes.find((each) => each.method === method && each.path === path)
  const socket = sockets.find(({ path }) => path === '/ws')
  if (socket !== undefined) {
    const control = socket.plane === 'control'
    ways.push({
      protocol: 'OpenEnv (WebSocket)',
      url: `${base.replace(/^http/, 'ws')}/ws`,
      plane: socket.plane,
      lines: control
        ? [
            ['command', `npx openenv eval ${base} --policy random`],
            ['Python', `GenericEnvClient(base_url="${base}")`],
            ['TypeScript', `await connect('${base}')`],
          ]
        : [['Python', `MCPToolClient(base_url="${base}")`]],
    })
  }
  const reset = route('POST', '/reset')
  if (reset !== undefined) {
    const curl = `curl -X POST ${base}/reset -H 'Content-Type: application/json' -d '{}'`
    ways.push({ protocol: 'OpenEnv (HTTP)', url: base, plane: reset.plane, lines: [['curl', curl]] })
  }
  const mcp = route('POST', '/mcp')
  if (mcp !== undefined) {
    const { agentBase, playsAtMcp } = agents
    const opens = route('POST', '/sessions')
    const address = `${agentBase}/mcp`
    ways.push({ protocol: 'MCP', url: address, plane: mcp.plane, lines: mcpLines() })
    function mcpLines(): WayIn['lines'] {
      if (playsAtMcp) return [['Claude Code', `claude mcp add --transport http ${name} ${address}`]]
      // Without an episode of its own, a client at this address is told how to get one.
      return opens === undefined ? [] : [['an episode', `curl -X POST ${base}/sessions -d '{}'`]]
    }
  }
  const ors = route('POST', '/create_session')
  if (ors !== undefined) {
    const line = `await connectOrs('${base}', { environment: '${name}' })`
    ways.push({
      protocol: 'Open Reward Standard',
      url: base,
      plane: ors.plane,
      lines: [['TypeScript', line]],
    })
  }
  return ways
}
