// The server for Node: a listener, isolation, and what serving an environment takes.
export { serve } from './serve.ts'
export type { ListenOptions, RunningServer, ServeIsolation } from './listen-options.ts'
export type { RunningEnvironment, Servable, ServedEnvironment } from './served-environment.ts'
export { createIsolation } from '../isolation/isolation.ts'
export type { Isolation, IsolationKind, IsolationOptions } from '../isolation/isolation.ts'
export { isTokenVariable, readTokens } from './tokens.ts'
export { resumeDirectory } from './resume-directory.ts'
export type { TrustedProxies } from './forwarded.ts'
