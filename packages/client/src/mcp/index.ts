// What stands here is a promise to everybody who imports `@openenv-ts/client/mcp`.
export { connectMcp } from './connect.ts'
export type { McpCommand, McpOptions, McpTools } from './connect.ts'
