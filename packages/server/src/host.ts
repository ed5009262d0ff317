import type { AnyEnvironment } from '@openenv-ts/core'
import type { JsonShape } from '@openenv-ts/core/wire'
import type { Mode } from './options.ts'
import type { LogEvent } from './log-event.ts'
import type { Authorizer } from './access/authorizer.ts'
import type { Quota } from './limits/quota.ts'
import type { Sessions } from './sessions/sessions.ts'
import type { Resumption } from './sessions/resume.ts'

/** What every route works with. */
export interface Host {
  readonly environment: AnyEnvironment
  readonly sessions: Sessions
  readonly authorizer: Authorizer
  /** What all clients that play no episode hold of the server. */
  readonly shared: Quota
  /** Prefix of every path; empty or with a leading slash. */
  readonly basePath: string
  /** Where clients reach the server, whatever they asked for; undefined: where they sent their request. */
  readonly publicUrl: string | undefined
  readonly mode: Mode
  /** Whether the action schema declares a field of this name. */
  readonly actionHasKey: (key: string) => boolean
  readonly maxMessageBytes: number
  readonly shape: JsonShape
  /** Null where episodes do not outlive the server. */
  readonly resumption: Resumption | null
  readonly log: (event: LogEvent) => void
}
