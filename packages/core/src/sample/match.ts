import type { Budget } from './budget.ts'
import type { Part } from './pattern.ts'

/**
 * A pattern compiled for trying texts: all states at once, one character after another, so that no text takes longer
 * than characters times states. JavaScript's own expressions go back and try again, exponentially often for some.
 */
interface Program {
  readonly steps: readonly Step[]
}
type Step =
  | { readonly kind: 'character'; readonly accepts: (character: string) => boolean }
  | { readonly kind: 'split'; readonly first: number; readonly second: number }
  | { readonly kind: 'edge'; readonly at: (Part & { kind: 'edge' })['at'] }
  | { readonly kind: 'look'; readonly program: Program; readonly behind: boolean; readonly wanted: boolean }
  | { readonly kind: 'found' }

/**
 * Makes a test of whether a pattern matches somewhere in a text, as `RegExp.test` does.
 *
 * @throws TooCostly when the pattern has too many states; the test, when a text takes too long.
 */
export function matcherOf(pattern: Part, flags: string, budget: Budget): (text: string) => boolean {
  const program = compile(pattern, flags, budget)
  return (text) => {
    const characters = Array.from(text)
    return new Run(characters, budget).finds(program, { from: 0, anywhere: true, until: null })
  }
}

function compile(pattern: Part, flags: string, budget: Budget): Program {
  const steps: Step[] = []
  const known = new Map<string, (character: string) => boolean>()
  const add = (step: Step): number => {
    budget.spend(4)
    return steps.push(step) - 1
  }
  /** A choice between the next step and one that is known later. */
  const addSplit = (): { leadTo(second: number): void } => {
    const at = add({ kind: 'split', first: -1, second: -1 })
    return {
      leadTo: (second) => {
        steps[at] = { kind: 'split', first: at + 1, second }
      },
    }
  }
  const addPart = (part: Part): void => {
    switch (part.kind) {
      case 'characters':
        {
          let accepts = known.get(part.source)
          if (accepts === undefined) known.set(part.source, (accepts = accepting(part.source, flags)))
          add({ kind: 'character', accepts })
        }
        break
      case 'around':
        break
      case 'edge':
        add(part)
        break
      case 'look': {
        const { behind, wanted } = part
        add({ kind: 'look', program: compile(part.part, flags, budget), behind, wanted })
        break
      }
      case 'sequence':
        part.parts.forEach(addPart)
        break
      case 'choice': {
        const ends: { leadTo(second: number): void }[] = []
        part.options.forEach((option, at) => {
          const split = at < part.options.length - 1 ? addSplit() : null
          addPart(option)
          if (split === null) return
          // Behind an option, both ways of a split lead to the end of all.
          ends.push(addJump())
          split.leadTo(steps.length)
        })
        for (const end of ends) end.leadTo(steps.length)
        break
      }
      case 'repeat':
        addRepeat(part)
        break
    }
  }
  const addJump = (): { leadTo(second: number): void } => {
    const at = add({ kind: 'split', first: -1, second: -1 })
    return {
      leadTo: (target) => {
        steps[at] = { kind: 'split', first: target, second: target }
      },
    }
  }
  const addRepeat = ({ part, min, max }: Part & { kind: 'repeat' }): void => {
    for (let turn = 0; turn < min; turn += 1) {
      budget.spend(1)
      addPart(part)
    }
    if (max === Infinity) {
      const start = steps.length
      const split = addSplit()
      addPart(part)
      addJump().leadTo(start)
      split.leadTo(steps.length)
      return
    }
    const splits: { leadTo(second: number): void }[] = []
    for (let turn = min; turn < max; turn += 1) {
      splits.push(addSplit())
      addPart(part)
    }
    for (const split of splits) split.leadTo(steps.length)
  }
  addPart(pattern)
  add({ kind: 'found' })
  return { steps }
}

/** Whether one character is what a piece of the pattern says: a question of constant time, for JavaScript itself. */
function accepting(source: string, flags: string): (character: string) => boolean {
  const known = new Map<string, boolean>()
  const one = new RegExp(`^(?:${source})$`, flags)
  return (character) => {
    let answer = known.get(character)
    if (answer === undefined) known.set(character, (answer = one.test(character)))
    return answer
  }
}

interface Search {
  readonly from: number
  /** Whether a match may begin later. */
  readonly anywhere: boolean
  /** Where a match must end; null for anywhere. */
  readonly until: number | null
}

/** One text that is tried. */
class Run {
  readonly #characters: readonly string[]
  readonly #budget: Budget
  /** What was seen by a look-around at a position. */
  readonly #looks = new Map<Step, Map<number, boolean>>()

  constructor(characters: readonly string[], budget: Budget) {
    this.#characters = characters
    this.#budget = budget
  }

  finds(program: Program, { from, anywhere, until }: Search): boolean {
    const end = until ?? this.#characters.length
    let states: readonly number[] = []
    for (let at = from; at <= end; at += 1) {
      this.#budget.spend(1)
      const { waiting, found } = this.#follow(program, at === from || anywhere ? [...states, 0] : states, at)
      if (found && (until === null || at === until)) return true
      if (at === end) break
      const character = this.#characters[at] ?? ''
      states = waiting.flatMap((state) => {
        const step = program.steps[state]
        return step?.kind === 'character' && step.accepts(character) ? [state + 1] : []
      })
      if (states.length === 0 && !anywhere) return false
    }
    return false
  }

  /** The steps that wait for a character, from these on, and whether the end was among them. */
  #follow(
    { steps }: Program,
    states: readonly number[],
    at: number,
  ): { readonly waiting: readonly number[]; readonly found: boolean } {
    const seen = new Set<number>()
    const waiting: number[] = []
    let found = false
    const open = [...states]
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      if (seen.has(state)) continue
      seen.add(state)
      this.#budget.spend(1)
      const step = steps[state]
      if (step === undefined) continue
      if (step.kind === 'character') waiting.push(state)
      else if (step.kind === 'found') found = true
      else if (step.kind === 'split') open.push(step.first, step.second)
      else if (step.kind === 'edge' ? this.#isEdge(step.at, at) : this.#look(step, at)) open.push(state + 1)
    }
    return { waiting, found }
  }

  #isEdge(kind: (Part & { kind: 'edge' })['at'], at: number): boolean {
    if (kind === 'start') return at === 0
    if (kind === 'end') return at === this.#characters.length
    const isBorder = this.#isWord(at - 1) !== this.#isWord(at)
    return kind === 'border' ? isBorder : !isBorder
  }

  #isWord(at: number): boolean {
    return /^\w$/.test(this.#characters[at] ?? '')
  }

  #look(step: Step & { kind: 'look' }, at: number): boolean {
    let known = this.#looks.get(step)
    if (known === undefined) this.#looks.set(step, (known = new Map<number, boolean>()))
    let answer = known.get(at)
    if (answer === undefined) {
      const search = step.behind
        ? { from: 0, anywhere: true, until: at }
        : { from: at, anywhere: false, until: null }
      answer = this.finds(step.program, search) === step.wanted
      known.set(at, answer)
    }
    return answer
  }
}
