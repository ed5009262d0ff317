import { OpenEnvError } from '@openenv-ts/core'
import { createParser, type EventSourceParser } from 'eventsource-parser'

/** One server-sent event. */
export interface ServerEvent {
  /** `message` where the stream names none. */
  readonly event: string
  readonly data: string
  /** Where a reader that was cut off can go on; absent where the stream does not say. */
  readonly id?: string
}

/** Characters of one event, its unfinished line included. Servers of ORS cut results into pieces of a few thousand. */
const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024

/** Reads a stream of server-sent events by the standard, in whatever portions it comes. */
export class EventReader {
  #events: ServerEvent[] = []
  #started = false
  #isTooLarge = false
  readonly #parser: EventSourceParser

  /** @param maxCharacters - Of one event, its unfinished line included; 16 million if not given. */
  constructor(maxCharacters: number = MAX_EVENT_CHARACTERS) {
    this.#parser = createParser({
      maxBufferSize: maxCharacters,
      onEvent: ({ event = 'message', data, id }) =>
        this.#events.push({ event, data, ...(id === undefined ? {} : { id }) }),
      onError: ({ type }) => {
        if (type === 'max-buffer-size-exceeded') this.#isTooLarge = true
      },
    })
  }

  /**
   * The events that are complete with this portion.
   *
   * @throws OpenEnvError `TOO_LARGE` for an event, or a line without end, of more characters than that.
   */
  push(portion: string): readonly ServerEvent[] {
    if (this.#isTooLarge) throw tooLarge()
    // The parser looks for the mark in bytes.
    const mark = !this.#started && portion.startsWith('\ufeff')
    if (portion !== '') this.#started = true
    this.#parser.feed(mark ? portion.slice(1) : portion)
    const found = this.#events
    this.#events = []
    // An event in front of what is too large is still one.
    if (this.#tooLargeNow() && found.length === 0) throw tooLarge()
    return found
  }

  #tooLargeNow(): boolean {
    return this.#isTooLarge
  }
}

function tooLarge(): OpenEnvError {
  return new OpenEnvError('TOO_LARGE', 'The server sent too large an event.')
}
