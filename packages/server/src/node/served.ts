import type { MountedApp } from '../mounted-app.ts'
import type { ServerLimits } from '../limits/limits.ts'

/** What a listener answers with. */
export type Served = Pick<MountedApp, 'fetch' | 'upgrade' | 'maxMessageBytes'> & {
  readonly limits: Pick<ServerLimits, 'connections'>
}
