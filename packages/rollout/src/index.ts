// What stands here is a promise to everybody who imports the package.
// Playing
export { rollout } from './rollout.ts'
export type { Run } from './rollout.ts'
export type { Progress, RolloutOptions } from './rollout-options.ts'
export { runEpisode } from './run-episode.ts'
export type { EpisodeOptions, EpisodeResult } from './run-episode.ts'
export { taskSourceOf, localTarget, remoteTarget, SeveralEnvironmentsError } from './target.ts'
export type { RemoteOptions, Target, TaskSource } from './target.ts'
export type { RolloutLimits } from './limits.ts'
export type { Failure, Outcome } from './outcome.ts'
export { RolloutError } from './rollout-error.ts'
export type { RolloutErrorCode } from './rollout-error.ts'
// Policies
export { STOP } from './policy.ts'
export type {
  AnyPolicy,
  EpisodeContext,
  NamedPolicy,
  PastStep,
  Policy,
  PolicyContext,
  PolicyFunction,
  StatefulPolicy,
  StatelessPolicy,
  Stop,
  UniversalPolicy,
} from './policy.ts'
export { constantPolicy, noopPolicy, randomPolicy } from './policies/scripted.ts'
export { modelPolicy } from './policies/model.ts'
export type { ModelOptions } from './policies/model.ts'
export { modelSettings } from './model/settings.ts'
export type { ModelSettings } from './model/settings.ts'
export type { Usage } from './usage.ts'
// Runs on disk, and what they come to
export { readManifest, readRun } from './run-folder.ts'
export type { StoredRun } from './run-folder.ts'
export { EpisodeRecord, Manifest } from './record.ts'
export type { EpisodeSummary, RunSettings, StepRecord } from './record.ts'
export { fingerprint } from './fingerprint.ts'
export type { Fingerprint } from './fingerprint.ts'
export { COMPARED_OF_RECORDS, COMPARED_OF_STEPS, replay } from './replay.ts'
export type { Difference, ReplayOptions, ReplayResult } from './replay.ts'
export { summarize } from './summary.ts'
export type { PassAt, ScorableRun, Summary, TaskSummary } from './summary.ts'
