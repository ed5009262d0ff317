import { OpenEnvError, systemClock, type Clock } from '@openenv-ts/core'
import type { Host } from '../host.ts'
import type { Start } from './create.ts'
import { OrsSession } from './session.ts'

/**
 * ORS's names for sessions. They are names of their own: none of them means a session of another protocol, and no
 * other protocol's id means one of these.
 */
export class OrsSessions {
  readonly #host: Host
  readonly #clock: Clock
  readonly #byId = new Map<string, OrsSession>()

  constructor(host: Host, clock: Clock = systemClock) {
    this.#host = host
    this.#clock = clock
  }

  /**
   * Throws `VALIDATION_ERROR` (HTTP 409) for an id that is in use. Python's servers say 400; their clients treat both
   * alike. The request is a valid one, as the OpenAPI document says, and no schema can say which ids are free.
   */
  requireFree(id: string): void {
    if (!this.#byId.has(id)) return
    throw new OpenEnvError('VALIDATION_ERROR', 'Session already exists', { http: 409 })
  }

  /**
   * Opens a session and begins its setup.
   *
   * @throws OpenEnvError `CAPACITY_REACHED`, and as {@link requireFree}.
   */
  create(id: string, start: Start): void {
    this.requireFree(id)
    const session = this.#host.sessions.open('ors')
    const opened = new OrsSession(session, start, this.#host, this.#clock)
    this.#byId.set(id, opened)
    // A setup that never ends is no reason to keep a session whose client says nothing.
    session.playedBy({
      get working() {
        return opened.working
      },
      sessionClosed: () => {
        opened.end()
        if (this.#byId.get(id) === opened) this.#byId.delete(id)
      },
    })
  }

  /**
   * The session of an id, marked as used.
   *
   * @throws OpenEnvError `SESSION_ERROR` (HTTP 404) when there is none.
   */
  find(id: string): OrsSession {
    const found = this.#byId.get(id)
    if (found === undefined) throw new OpenEnvError('SESSION_ERROR', 'Active environment not found')
    found.session.touch()
    found.forgetOld()
    return found
  }

  /** Ends a session; nothing happens to an id that is not known. The id is free again at once. */
  async delete(id: string): Promise<void> {
    const found = this.#byId.get(id)
    if (found === undefined) return
    this.#byId.delete(id)
    await found.lastCall()
    await found.session.close()
  }
}
