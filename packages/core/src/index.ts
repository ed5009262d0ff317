// The author's page: what an environment is declared, run and tested with. Changes here are changes of the public API.
// Declaring environments
export { defineToolEnvironment } from './tool-environment.ts'
export type { ToolCallOf } from './tool-environment.ts'
export type {
  CallRecord,
  GivenTask,
  GoldOf,
  OpenContext,
  ScoreContext,
  ToolContext,
  ToolEnvironmentDefinition,
  WorldScore,
  WorldTerm,
} from './world.ts'
export { definePureEnvironment } from './pure-environment.ts'
export type { PureDefinition, PureEnvironment, PureStep, ScoredStep } from './pure-environment.ts'
export type {
  ActionOf,
  AnyEnvironment,
  Environment,
  EpisodeLimits,
  TimeStep,
  ObservationOf,
  Simulation,
  StartContext,
  StepContext,
} from './environment.ts'
// Tasks, rewards, tools
export { taskList } from './task-list.ts'
export type { Split, Task, TaskProvider, TaskSpec } from './task.ts'
export type { TaskListOptions } from './task-list.ts'
export { createRubric } from './rubric.ts'
export type { RewardTerm, Rubric, TermAnswer } from './rubric.ts'
export type { Term, Terms } from './terms.ts'
export type { GroupCandidate, GroupContext, GroupScore, Message, MessageBlock } from './group.ts'
export type { BlobResource, ContentBlock, TextResource, Tool, ToolResult } from './tool.ts'
export { content } from './tool-content.ts'
export type { Content } from './tool-content.ts'
export { agentTools } from './agent-tools.ts'
export type { AgentTools } from './agent-tools.ts'
// Running episodes
export { openLocal } from './local.ts'
export type { LocalEpisode, LocalOptions } from './local-episode.ts'
export type { Episode, EpisodeState, Reply, ResetOptions, Snapshot, Status } from './episode.ts'
export type { Info } from './info.ts'
// Errors
export { ERROR_CODES, isOpenEnvError, OpenEnvError } from './errors.ts'
export type { ErrorCode, Issue } from './errors.ts'
// Schemas and values
export type { DeepReadonly, Json, JsonSchema, MaybePromise } from './json.ts'
// Randomness and time
export { seededRandom } from './random.ts'
export type { Random } from './random.ts'
export { manualClock, systemClock } from './clock.ts'
export type { Clock, ManualClock } from './clock.ts'
