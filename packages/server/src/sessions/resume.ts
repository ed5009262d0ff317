import { OpenEnvError, type LocalEpisode, type Reply, type Snapshot } from '@openenv-ts/core'
import type { LogEvent } from '../log-event.ts'
import { newSecret } from '../access/secret.ts'
import type { ResumeStore } from './resume-store.ts'

/** An episode that is kept: after every call its position is stored before the call is answered. */
export interface ResumableEpisode {
  /** What brings it back, once. */
  readonly token: string
  /** Stores where the episode stands, if that is not stored yet. Never fails: an episode goes on without. */
  keep(): Promise<void>
  /** Stores it no more, and leaves what is stored: its connection has gone. */
  release(): void
  /** Forgets it: its client has taken leave. */
  forget(): Promise<void>
}

/** An episode that waited, to be restored by whoever took it. */
export interface TakenEpisode {
  readonly snapshot: Snapshot
  /** What brings it back the next time. */
  readonly next: string
  /** Puts it back under its old token, for it could not be restored. */
  putBack(): Promise<unknown>
}

/** Hands out tokens for episodes, and the episodes for the tokens. One a server. */
export class Resumption {
  readonly #store: ResumeStore
  readonly #log: (event: LogEvent) => void
  /** Episodes of this process by key. Whoever takes one from the store takes it from its old connection too. */
  readonly #live = new Map<string, Keeper>()

  constructor(store: ResumeStore, log: (event: LogEvent) => void) {
    this.#store = store
    this.#log = log
  }

  /**
   * Keeps an episode from now on.
   *
   * @param abandon - Called when another connection takes the episode over: this one must not go on with it.
   * @param token - Of an episode that was taken; a new one when not given.
   */
  async begin(episode: LocalEpisode, abandon: () => void, token = newSecret()): Promise<ResumableEpisode> {
    const key = await keyOf(token)
    const keeper = new Keeper(episode, { token, key, store: this.#store, log: this.#log, abandon }, () => {
      if (this.#live.get(key) === keeper) this.#live.delete(key)
    })
    this.#live.set(key, keeper)
    await keeper.keep()
    return keeper
  }

  /**
   * Takes the episode of a token, which is worth nothing afterwards.
   *
   * @param next - The token that takes its place. Who made it up and did not hear of the outcome may ask again.
   * @throws OpenEnvError `SESSION_ERROR` when there is none.
   */
  async take(token: string, next = newSecret()): Promise<TakenEpisode> {
    const [from, to] = await Promise.all([keyOf(token), keyOf(next)])
    for (const key of [from, to]) await this.#live.get(key)?.handOver()
    const text = await this.#store.move(from, to)
    if (text === undefined) {
      throw new OpenEnvError(
        'SESSION_ERROR',
        'There is no episode of this token: it was resumed already, was closed, or waited too long.',
      )
    }
    return { snapshot: JSON.parse(text) as Snapshot, next, putBack: () => this.#store.move(to, from) }
  }

  expire(): Promise<void> {
    return this.#store.expire()
  }
}

interface Keeping {
  readonly token: string
  readonly key: string
  readonly store: ResumeStore
  readonly log: (event: LogEvent) => void
  readonly abandon: () => void
}

class Keeper implements ResumableEpisode {
  readonly token: string
  readonly #episode: LocalEpisode
  readonly #keeping: Keeping
  readonly #stop: () => void
  /** What the episode had answered when it was stored last. */
  #kept: Reply<unknown> | null = null
  /** Settles when what was begun is written. */
  #writing: Promise<void> = Promise.resolve()
  #over = false

  constructor(episode: LocalEpisode, keeping: Keeping, stop: () => void) {
    this.token = keeping.token
    this.#episode = episode
    this.#keeping = keeping
    this.#stop = stop
  }

  keep(): Promise<void> {
    const { reply } = this.#episode
    if (this.#over || reply === null || reply === this.#kept) return this.#writing
    this.#kept = reply
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  release(): void {
    this.#over = true
    // Until it is written, whoever takes the episode has to wait.
    void this.#writing.then(this.#stop)
  }

  async forget(): Promise<void> {
    this.#over = true
    await this.#writing
    this.#stop()
    await this.#keeping.store.delete(this.#keeping.key).catch(() => undefined)
  }

  /** Lets go of the episode, with what is stored of it left as it is. */
  async handOver(): Promise<void> {
    this.#over = true
    await this.#writing
    this.#stop()
    this.#keeping.abandon()
  }

  async #write(): Promise<void> {
    const { store, key, log } = this.#keeping
    try {
      const snapshot = await this.#episode.snapshot()
      if (!this.#over) await store.put(key, JSON.stringify(snapshot))
    } catch (cause) {
      // An older position must not come back in place of the one that could not be stored.
      this.#over = true
      await store.delete(key).catch(() => undefined)
      log({ level: 'error', message: 'An episode could not be stored, and will not be resumable.', cause })
    }
  }
}

/** What the store knows of a token: nothing that brings the episode back. */
async function keyOf(token: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
