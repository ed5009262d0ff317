/** One server-sent event. */
export interface ServerEvent {
  /** `message` where the stream names none. */
  readonly event: string
  readonly data: string
}

/** Reads a stream of server-sent events by the standard, in whatever portions it comes. */
export class EventReader {
  #rest = ''
  #event = ''
  #data: string[] = []
  #started = false

  /** The events that are complete with this portion. */
  push(portion: string): readonly ServerEvent[] {
    this.#rest += portion
    if (!this.#started && this.#rest !== '') {
      this.#started = true
      if (this.#rest.startsWith('\ufeff')) this.#rest = this.#rest.slice(1)
    }
    const found: ServerEvent[] = []
    // A CR at the end may be half of a line end: it waits for what follows.
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const event = this.#line(line)
      if (event !== null) found.push(event)
    }
    return found
  }

  #line(line: string): ServerEvent | null {
    if (line === '') return this.#dispatch()
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    // One blank after the colon belongs to the format, and no more than one.
    const value = colon === -1 ? '' : line.slice(line.charAt(colon + 1) === ' ' ? colon + 2 : colon + 1)
    if (field === 'event') this.#event = value
    else if (field === 'data') this.#data.push(value)
    return null
  }

  #dispatch(): ServerEvent | null {
    const event = { event: this.#event === '' ? 'message' : this.#event, data: this.#data.join('\n') }
    const empty = this.#data.length === 0
    this.#event = ''
    this.#data = []
    return empty ? null : event
  }
}
