// For tests of servers: what is inside of an app. It may change with any version.
export { inspect, inspectAll } from './inspect.ts'
export type { MountedApp } from './mounted-app.ts'
