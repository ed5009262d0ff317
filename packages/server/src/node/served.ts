import type { App } from '../app.ts'
import type { ServerLimits } from '../limits/limits.ts'

/** What a listener answers with. */
export type Served = Pick<App, 'fetch' | 'upgrade' | 'maxMessageBytes'> & {
  readonly limits: Pick<ServerLimits, 'connections'>
}
