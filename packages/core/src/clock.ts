/** Where time comes from. Nothing in an environment reads the machine's clock by itself. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() }

/** A clock that moves only when told to, for tests and simulations. */
export interface ManualClock extends Clock {
  advance(milliseconds: number): void
}

/** Makes a clock that starts at `start` (milliseconds since 1970) and moves only by `advance`. */
export function manualClock(start = Date.UTC(2026, 0, 1)): ManualClock {
  let time = start
  return {
    now: () => time,
    advance: (milliseconds) => {
      time += milliseconds
    },
  }
}
