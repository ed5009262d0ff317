/** How long one client's messages may hold up everybody else. */
const SLICE_MS = 10

let turn = 0
let counting = false

/** Settles when timers, connections and everybody else have had their turn. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve)
  })
}

/** The number of this turn of the event loop, roughly: it grows when others have had theirs. */
function presentTurn(): number {
  if (!counting) {
    counting = true
    setTimeout(() => {
      counting = false
      turn += 1
    })
  }
  return turn
}

/** The time that one client, on all of its connections, takes in one turn of the event loop. */
export class TimeSlice {
  #turn = -1
  #startedAt = 0

  /** Whether the client has had enough of this turn, and has to wait for the next one. */
  get spent(): boolean {
    const present = presentTurn()
    if (present === this.#turn) return performance.now() - this.#startedAt > SLICE_MS
    this.#turn = present
    this.#startedAt = performance.now()
    return false
  }
}
