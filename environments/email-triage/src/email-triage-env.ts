import { seededRandom, systemClock, type MaybePromise, type Simulation } from '@openenv-ts/core'
import { infoOfTerms, issuesOf, notReady } from '@openenv-ts/core/host'
import { emailTriage } from './environment.ts'
import {
  TriageAction,
  type EmailObservation,
  type EnvironmentState,
  type ResetResult,
  type StepResult,
} from './models.ts'
import { taskWithId } from './tasks/canonical.ts'
import type { TriageTask } from './tasks/task.ts'

type Position = Simulation<TriageAction, EmailObservation>

/**
 * One task played in this process, call by call and without promises.
 *
 * The same functions stand behind it as behind the environment: no network, no files, no clock, no chance.
 */
export class EmailTriageEnv {
  readonly #task: TriageTask
  #position: Position
  #started = false

  /**
   * @param taskId - One of the environment's tasks, such as `task_easy`.
   * @throws OpenEnvError `VALIDATION_ERROR` when there is no such task, naming some that exist.
   */
  constructor(taskId: string) {
    this.#task = taskWithId(taskId)
    this.#position = start(this.#task)
  }

  /** Shows the first email and forgets everything before; may be called any number of times. */
  reset(): ResetResult {
    this.#position = start(this.#task)
    this.#started = true
    const { observation, info } = this.#position.timeStep
    return structuredClone({ observation, info })
  }

  /**
   * Answers the email shown. Any value may be given: one that is no `TriageAction` earns 0, counts as a step, and
   * `info.error` says what is wrong with it.
   *
   * @throws OpenEnvError `EXECUTION_ERROR` before reset and after the end.
   */
  step(action: unknown): StepResult {
    if (!this.#started) throw notReady('before reset')
    if (this.#position.timeStep.status !== 'running') throw notReady('after the end')
    const parsed = TriageAction.safeParse(action)
    const context = { index: this.state().current_step + 1, ...SURROUNDINGS }
    const next = parsed.success
      ? this.#position.step(parsed.data, context)
      : this.#position.invalid?.(issuesOf(parsed.error, action), context)
    if (next === undefined) throw new TypeError('The environment takes no invalid actions.')
    this.#position = atOnce(next)
    const { observation, reward, status, terms = [], info } = this.#position.timeStep
    const told = { ...info, ...infoOfTerms(terms) }
    return structuredClone({ observation, reward: reward ?? 0, done: status !== 'running', info: told })
  }

  /** A snapshot of where the episode stands. Changing it changes nothing here. */
  state(): EnvironmentState {
    return structuredClone(atOnce(this.#position.view?.() ?? {})) as EnvironmentState
  }
}

/** What every environment is given and this one never looks at. */
const SURROUNDINGS = {
  random: seededRandom(0),
  clock: systemClock,
  signal: new AbortController().signal,
  progress: (): void => undefined,
}

function start(task: TriageTask): Position {
  const spec = { id: task.id, split: 'canonical', index: 0 }
  return atOnce(emailTriage.start({ seed: 0, task: { spec, data: task }, options: {}, ...SURROUNDINGS }))
}

/** Pure functions answer at once; the interface leaves room for environments that do not. */
function atOnce<T>(value: MaybePromise<T>): T {
  if (value instanceof Promise) throw new TypeError('The environment answered later.')
  return value
}
