// What stands here is a promise to everybody who tests environments or episodes.
export { checkEnvironment } from './check-environment.ts'
export type { CheckOptions } from './bench.ts'
export { ContractError } from './findings.ts'
export type { CheckReport, Finding, Promised, Where } from './findings.ts'
export { counter, CounterAction, CounterObservation } from './counter.ts'
export { episodeSuite } from './episode-suite.ts'
export type { EpisodeCase, EpisodeSuiteOptions, OpenEpisode } from './episode-suite.ts'
