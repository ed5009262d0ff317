// What stands here is a promise to everybody who tests environments or episodes.
export { counter, CounterAction, CounterObservation } from './counter.ts'
export { episodeSuite } from './episode-suite.ts'
export type { EpisodeCase, EpisodeSuiteOptions, OpenEpisode } from './episode-suite.ts'
