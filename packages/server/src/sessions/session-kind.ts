/**
 * Which way a session came about: a WebSocket of OpenEnv, which holds it as long as it is open; plain HTTP; MCP, by
 * either transport; or ORS, which has names of its own.
 */
export type SessionKind = 'websocket' | 'http' | 'mcp' | 'ors'
