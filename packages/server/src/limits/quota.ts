import { OpenEnvError } from '@openenv-ts/core'
import { IncomingBytes } from './incoming-bytes.ts'
import type { ServerLimits } from './limits.ts'
import { TimeSlice } from './time-slice.ts'
import { UnreadBytes } from './unread-bytes.ts'

/** Gives back what was taken; calling it again does nothing. */
export type Release = () => void

/** How much a {@link Quota} allows. */
export interface QuotaBounds {
  readonly connections: number
  readonly requests: number
  readonly calls: number
  readonly incomingBytes: number
  readonly unreadBytes: number
}

/** What one agent, or all clients that play no episode together, hold of the server, up to a bound. */
export class Quota {
  /** Large messages on their way in. */
  readonly incoming: IncomingBytes
  /** Answers on their way out. */
  readonly unread: UnreadBytes
  /** Time that messages on its sockets take. */
  readonly slice = new TimeSlice()
  readonly #bounds: QuotaBounds
  readonly #status: 429 | 503
  readonly #held = { connections: 0, requests: 0, calls: 0 }

  /** @param status - Of a refusal: 429 for one client, 503 where others may be the cause. */
  constructor(bounds: QuotaBounds, status: 429 | 503) {
    this.#bounds = bounds
    this.#status = status
    this.incoming = new IncomingBytes(bounds.incomingBytes)
    this.unread = new UnreadBytes(bounds.unreadBytes, status)
  }

  /** Takes a WebSocket or an event stream. Throws `CAPACITY_REACHED` when there are too many. */
  connection(): Release {
    return this.#take('connections', 1, 'connections are open')
  }

  /** Takes a request, before its body is read. Throws `CAPACITY_REACHED` when there are too many. */
  request(): Release {
    return this.#take('requests', 1, 'requests are under way')
  }

  /** Takes calls, once it is known that a request makes them. Throws `CAPACITY_REACHED` when there are too many. */
  calls(count = 1): Release {
    return this.#take('calls', count, 'calls are under way')
  }

  /** How many calls a call counts as, by its share of the largest one. */
  weigh(share: number): number {
    return Math.min(this.#bounds.calls, Math.max(1, Math.ceil(share * this.#bounds.calls)))
  }

  /** What is held now. */
  get held(): Readonly<Record<'connections' | 'requests' | 'calls', number>> {
    return this.#held
  }

  #take(what: 'connections' | 'requests' | 'calls', count: number, words: string): Release {
    if (this.#held[what] + count > this.#bounds[what]) {
      const [whose, advice] =
        this.#status === 429
          ? ['of this episode', 'end one first']
          : ['without an episode', 'try again later']
      throw new OpenEnvError(
        'CAPACITY_REACHED',
        `Too many ${words} ${whose}: at most ${String(this.#bounds[what])} at a time; ${advice}.`,
        { http: this.#status },
      )
    }
    this.#held[what] += count
    let released = false
    return () => {
      if (!released) this.#held[what] -= count
      released = true
    }
  }
}

/** What one agent's episode may hold. Twice as many requests as calls: the others cancel calls and end sessions. */
export function agentQuota(limits: ServerLimits): Quota {
  const { agentConnections: connections, agentCalls: calls, incomingBytes, unreadBytes } = limits
  return new Quota({ connections, requests: 2 * calls, calls, incomingBytes, unreadBytes }, 429)
}

/** What all clients that play no episode may hold together. */
export function sharedQuota(limits: ServerLimits): Quota {
  const { idleSockets: connections, sharedCalls: calls, incomingBytes, sharedUnreadBytes } = limits
  const requests = 2 * calls
  return new Quota({ connections, requests, calls, incomingBytes, unreadBytes: sharedUnreadBytes }, 503)
}
