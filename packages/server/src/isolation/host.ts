import { deserialize, serialize } from 'node:v8'
import { openLocal, type AnyEnvironment, type LocalEpisode, type Snapshot } from '@openenv-ts/core'
import type { Progress } from '@openenv-ts/core/host'
import { isProgress } from './messages.ts'
import type { Answer, Call, EpisodeStatus, Operation, Position } from './protocol.ts'
import { sendError } from './sent-error.ts'

const REPORTS_A_SECOND = 100

/** Whether positions of an environment can go on in another executor. */
export function floats(environment: AnyEnvironment): boolean {
  return environment.restore !== undefined && environment.concurrent
}

type Act = Exclude<Operation, { readonly op: 'fork' }>

/** The episodes that an executor holds; performs calls on them, one at a time. */
export class EpisodeHost {
  readonly #environment: AnyEnvironment
  readonly #limitSeconds: number
  readonly #tell: (call: number, progress: Progress) => void
  /** The number of the call at work. */
  #atWork: number | null = null
  readonly #episodes = new Map<number, LocalEpisode>()
  #abort: AbortController | null = null
  /** Ends the wait for a step that was given up. */
  #hurry: () => void = () => undefined

  /** @param tell - Told how far the call at work is, where somebody wants to know. */
  constructor(
    environment: AnyEnvironment,
    limitSeconds: number,
    tell: (call: number, progress: Progress) => void,
  ) {
    this.#environment = environment
    this.#limitSeconds = limitSeconds
    this.#tell = sparingly(tell)
  }

  /** Performs a call; never rejects. */
  async perform(call: Call): Promise<Answer> {
    this.#atWork = call.call
    const answer = await this.#perform(call)
    this.#atWork = null
    return answer
  }

  async #perform({ call, episode: key, operation, position }: Call): Promise<Answer> {
    let episode: LocalEpisode
    try {
      episode = await this.#episode(key, position)
    } catch (error) {
      // It stands nowhere now, and needs a reset.
      return { error: sendError(error, 'restore'), reached: { status: 'idle', steps: 0, bytes: null } }
    }
    if (operation.op === 'fork') return this.#fork(episode, operation.twin)
    const { reply: before, broken: wasBroken } = episode
    const outcome = await this.#outcome(call, key, episode, operation)
    // A step that was given up goes on until it ends: only then is it known where the episode stands.
    if (operation.op === 'step' && this.#abort === null) {
      await Promise.race([episode.settled(), new Promise<void>((resolve) => (this.#hurry = resolve))])
    }
    const { reply, broken } = episode
    if ((reply === before && broken === wasBroken) || operation.op === 'close') return outcome
    const reached = await this.#reached(episode, operation.op !== 'step')
    // A step that was given up and went on has a reply after all: it says where the episode stands.
    return operation.op === 'step' && reply !== before ? { value: reply, reached } : { ...outcome, reached }
  }

  /** Gives up the call at work; called again, waits no longer for what a step is still doing. */
  abort(): void {
    if (this.#abort === null) this.#hurry()
    this.#abort?.abort(new Error('Given up.'))
    this.#abort = null
  }

  /** Drops an episode; it goes on elsewhere, or is over. */
  forget(key: number): void {
    void this.#episodes.get(key)?.close()
    this.#episodes.delete(key)
  }

  async #episode(key: number, position: Position | undefined): Promise<LocalEpisode> {
    let episode = this.#episodes.get(key)
    if (episode !== undefined && position === undefined) return episode
    this.forget(key)
    episode = openLocal(this.#environment, { limits: { stepSeconds: this.#limitSeconds } })
    if (position !== undefined) {
      const snapshot = deserialize(position.bytes) as Snapshot
      await episode.restore({ ...snapshot, elapsedMs: snapshot.elapsedMs + position.restedMs })
    }
    this.#episodes.set(key, episode)
    return episode
  }

  /** Answers where the twin stands; it stays here only where its position cannot leave. */
  async #fork(episode: LocalEpisode, key: number): Promise<Answer> {
    try {
      const twin = await episode.fork()
      const reached = await this.#reached(twin, true)
      if (reached.bytes === null) this.#episodes.set(key, twin)
      else void twin.close()
      return { reached }
    } catch (error) {
      return { error: sendError(error, 'fork') }
    }
  }

  async #outcome(call: number, key: number, episode: LocalEpisode, operation: Act): Promise<Answer> {
    try {
      return { value: await this.#act(call, key, episode, operation) }
    } catch (error) {
      return { error: sendError(error, operation.op) }
    }
  }

  async #act(call: number, key: number, episode: LocalEpisode, operation: Act): Promise<unknown> {
    this.#abort ??= new AbortController()
    const { signal } = this.#abort
    switch (operation.op) {
      case 'step':
        return episode.stepNow(
          operation.action,
          signal,
          operation.tellsProgress ? this.#report(call) : undefined,
        )
      case 'reset':
        return episode.reset({ ...operation.options, signal })
      case 'state':
        return episode.state({ signal })
      case 'prompt':
        return episode.prompt()
      case 'snapshot':
        return episode.snapshot()
      case 'restore':
        return episode.restore(operation.snapshot)
      case 'close':
        this.#episodes.delete(key)
        return episode.close()
    }
  }

  /** What a step says after its end is nothing that anybody waits for. */
  #report(call: number): (progress: Progress) => void {
    return (progress) => {
      if (this.#atWork === call && isProgress(progress)) this.#tell(call, progress)
    }
  }

  /** Where the episode came to: what the server needs to go on without this executor. */
  async #reached(episode: LocalEpisode, withTools: boolean): Promise<EpisodeStatus> {
    const { status, stepCount: steps } = episode
    const tools = withTools ? episode.taskTools() : undefined
    const bytes = status === 'idle' || !floats(this.#environment) ? null : await positionOf(episode)
    const state = episode.broken ? { broken: true as const } : {}
    return { status, steps, bytes, ...state, ...(tools === undefined ? {} : { tools }) }
  }
}

/** Null where the simulation, other than its environment promises, gives no snapshot: it stays where it is then. */
async function positionOf(episode: LocalEpisode): Promise<Uint8Array | null> {
  try {
    return serialize(await episode.snapshot())
  } catch {
    return null
  }
}

/** Lets so many reports through in a second, and drops the others: a loop may report at every turn. */
function sparingly(
  tell: (call: number, progress: Progress) => void,
): (call: number, progress: Progress) => void {
  let since = -Infinity
  let left = 0
  return (call, progress) => {
    const now = performance.now()
    if (now - since >= 1000) {
      since = now
      left = REPORTS_A_SECOND
    }
    left -= 1
    if (left >= 0) tell(call, progress)
  }
}
