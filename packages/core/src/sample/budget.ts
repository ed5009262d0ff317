import { placeOf, type Path } from './problem.ts'

/**
 * Steps that one value may take, of some 100 ns each: a state of a pattern tried, a character written, a tenth of a schema
 * looked at. A schema may be a stranger's; the ones in use take some thousands.
 */
const MAX_STEPS = 1_000_000

/** A schema asks for more work than one value may take. No other branch is tried then. */
export class TooCostly extends RangeError {
  constructor(path: Path, why: string) {
    super(`No value was made for the schema${placeOf(path)}: ${why}.`)
    this.name = 'TooCostly'
  }
}

/** The work that may still be done for one value. */
export class Budget {
  /** Where in the value the work is done, for the error. */
  path: Path = []
  #left = MAX_STEPS

  spend(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) throw new TooCostly(this.path, 'it takes too many steps')
  }
}
