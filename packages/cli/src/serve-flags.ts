/** The options of `serve`, as commander hands them over. */
export interface ServeFlags {
  readonly port?: number
  readonly host: string
  readonly basePath: string
  readonly mode?: 'simulation' | 'production'
  readonly routes: 'full' | 'minimal'
  readonly maxSessions?: number
  /** `true` for the flag without a task. */
  readonly agentEpisode?: string | true
  readonly agentPort?: number
  readonly operatorPort?: number
  readonly allowedHost?: readonly string[]
  readonly allowedOrigin?: readonly string[]
  readonly operatorOrigin?: readonly string[]
  readonly publicUrl?: string
  readonly agentUrl?: string
  readonly trustProxy?: readonly string[]
  readonly productionControl?: boolean
  readonly resumeDir?: string
  readonly pingSeconds?: number
  readonly pingTimeoutSeconds?: number
  readonly keepAliveSeconds?: number
  readonly maxMessageBytes?: number
  readonly maxDepth?: number
  readonly maxValues?: number
  readonly isolation: 'inline' | 'worker' | 'process'
  readonly workers?: number
  readonly stepSeconds?: number
  readonly log: 'text' | 'json'
}
