// What stands here is a promise to everybody who imports the package.
// Declaring environments
export { defineEnvironment } from './define.ts'
export type {
  CallRecord,
  GivenTask,
  GoldOf,
  OpenContext,
  ScoreContext,
  ToolCallOf,
  ToolContext,
  WorldDefinition,
  WorldScore,
  WorldTerm,
} from './define.ts'
export { toolFailed, toolSucceeded, toolCallSchema, ToolObservation } from './tool-call.ts'
export type { ToolAction } from './tool-call.ts'
export { pureEnvironment } from './pure.ts'
export type { PureDefinition, PureEnvironment, PureStep, ScoredStep } from './pure.ts'
export type {
  ActionOf,
  AnyEnvironment,
  Environment,
  EpisodeLimits,
  Frame,
  ObservationOf,
  Simulation,
  StartContext,
  StepContext,
} from './environment.ts'
// Tasks, rewards, tools
export { requirePlace, requireSplit, selectTask, splitType, taskAt, taskList } from './task.ts'
export type { Split, Task, TaskListOptions, TaskProvider, TaskSelector, TaskSpec } from './task.ts'
export { createRubric } from './rubric.ts'
export { infoOfTerms, termsOfInfo } from './terms.ts'
export type { RewardTerm, Rubric, TermAnswer } from './rubric.ts'
export type { Term, Terms } from './terms.ts'
export type { GroupCandidate, GroupContext, GroupScore, Message, MessageBlock } from './group.ts'
export { actionTools } from './action-tools.ts'
export type { ActionTool } from './action-tools.ts'
export { RESERVED_TOOL_NAMES } from './tool.ts'
export type {
  BlobResource,
  ContentBlock,
  TextResource,
  Tool,
  ToolCallOptions,
  ToolHost,
  ToolResult,
} from './tool.ts'
export { content } from './tool-content.ts'
export type { Content } from './tool-content.ts'
export { listTools, seatAgent } from './tool-host.ts'
export type { AgentSeat, ToolCall, ToolFailure } from './tool-host.ts'
// Running episodes
export { openLocal } from './local.ts'
export type { LocalEpisode, LocalOptions } from './local.ts'
export { Turns } from './turns.ts'
export type {
  Episode,
  EpisodeState,
  Info,
  Progress,
  Reply,
  ResetOptions,
  Snapshot,
  Status,
} from './episode.ts'
// Errors
export {
  ERROR_CODES,
  isOpenEnvError,
  notReady,
  notSupported,
  OpenEnvError,
  toOpenEnvError,
} from './errors.ts'
export type { ErrorCode, ErrorDetails, ErrorFaces, Issue, SocketErrorCode } from './errors.ts'
// Schemas and values
export { describeIssues, validationError, issuesOf } from './issues.ts'
export { declaredKeys, toJsonSchema } from './schema.ts'
export type { SchemaSide } from './schema.ts'
export { firstValue, sampleValue } from './sample.ts'
export { isObject } from './json.ts'
export { escapeControls, firstSentence, printable } from './printable.ts'
export { checkKeys, didYouMean, keysOf } from './known-keys.ts'
export { copyPlainJson, NotJsonError, plainJson } from './plain-json.ts'
export type { DeepReadonly, Json, JsonSchema, MaybePromise } from './json.ts'
// Randomness and time
export { seededRandom } from './random.ts'
export type { Random } from './random.ts'
export { manualClock, systemClock } from './clock.ts'
export type { Clock, ManualClock } from './clock.ts'
