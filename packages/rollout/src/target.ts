import type { AnyEnvironment, Episode, JsonSchema, MaybePromise, TaskSpec } from '@openenv-ts/core'

/** Tasks by split, without their data: all that a rollout needs to know of them. */
export interface TaskCatalogue {
  /** Names of the splits; the first is the default one. */
  splits(): MaybePromise<readonly string[]>
  /** All tasks of a split, in order. */
  list(split: string): MaybePromise<readonly TaskSpec[]>
}

/** What a rollout plays: an environment in this process, or one behind a URL. */
export interface Target {
  /** The environment's name. */
  readonly name: string
  /** Null where a server does not say. */
  readonly version: string | null
  readonly description: string
  /** JSON Schema of what `step` takes. */
  readonly actionSchema: JsonSchema
  /** Steps after which the environment ends an episode itself, where known. */
  readonly maxSteps?: number
  readonly tasks?: TaskCatalogue
  /** Where it is served; absent for one in this process. */
  readonly url?: string
  /** Opens an episode of its own for the caller, who closes it. Rejects with an OpenEnvError. */
  open(signal?: AbortSignal): MaybePromise<Episode>
}

/** An environment in this process as a target. */
export declare function localTarget(environment: AnyEnvironment): Target
/** The environment behind a URL as a target: its schema and tasks are asked for once, here. */
export declare function remoteTarget(
  url: string,
  options?: { readonly signal?: AbortSignal; readonly token?: string },
): Promise<Target>
