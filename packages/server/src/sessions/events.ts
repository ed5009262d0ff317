import { OpenEnvError, type Reply } from '@openenv-ts/core'

/** Something that happened in an episode, for whoever watches: a page, a recorder. */
export type EpisodeEvent = {
  /** Milliseconds since 1970. */
  readonly at: number
  /** A number of the session in this server's life. It opens nothing, unlike a session's id. */
  readonly session: number
} & Happening

/** What happened. */
export type Happening =
  | { readonly type: 'opened'; readonly kind: string }
  | { readonly type: 'reset' | 'restored'; readonly reply: Reply<unknown> }
  | { readonly type: 'step'; readonly action: unknown; readonly reply: Reply<unknown> }
  | { readonly type: 'error'; readonly call: string; readonly code: string; readonly message: string }
  | { readonly type: 'closed' }

/** Bytes of events that a slow watcher may be behind; later ones are dropped for it, and it is told how many. */
const MAX_BEHIND_BYTES = 4 * 1024 * 1024

/** Passes events on to whoever watches; costs nothing while nobody does. */
export class EpisodeEvents {
  readonly #max: number
  readonly #watchers = new Set<(event: EpisodeEvent) => void>()
  readonly #ends = new Set<() => void>()

  /** @param max - Streams at a time. */
  constructor(max: number) {
    this.#max = max
  }

  /** Whether anybody watches: events need not be made when not. */
  get watched(): boolean {
    return this.#watchers.size > 0
  }

  emit(event: EpisodeEvent): void {
    for (const watcher of this.#watchers) watcher(event)
  }

  /** Ends every stream: there will be no more events. */
  end(): void {
    for (const end of this.#ends) end()
  }

  /**
   * The events from now on, as a stream of server-sent events. Ends when its reader goes.
   *
   * @throws OpenEnvError `CAPACITY_REACHED` (HTTP 503) when there are too many streams.
   */
  stream(): ReadableStream<Uint8Array> {
    if (this.#ends.size >= this.#max) {
      const message = `Too many streams of events: at most ${String(this.#max)} at a time. End one first.`
      throw new OpenEnvError('CAPACITY_REACHED', message)
    }
    const encoder = new TextEncoder()
    let stop: () => void = () => undefined
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          let dropped = 0
          const write = (type: string, data: unknown): void => {
            controller.enqueue(encoder.encode(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`))
          }
          const watch = (event: EpisodeEvent): void => {
            if ((controller.desiredSize ?? 0) <= 0) {
              dropped += 1
              return
            }
            if (dropped > 0) write('dropped', { events: dropped })
            dropped = 0
            write(event.type, event)
          }
          // Sent at once, so that whoever connects knows that it has.
          controller.enqueue(encoder.encode(': watching\n\n'))
          const beat = setInterval(() => {
            if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(': beat\n\n'))
          }, 15_000)
          ;(beat as { unref?: () => void }).unref?.()
          this.#watchers.add(watch)
          const end = (): void => {
            stop()
            controller.close()
          }
          this.#ends.add(end)
          stop = () => {
            clearInterval(beat)
            this.#watchers.delete(watch)
            this.#ends.delete(end)
          }
        },
        cancel: () => {
          stop()
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: MAX_BEHIND_BYTES }),
    )
  }
}
