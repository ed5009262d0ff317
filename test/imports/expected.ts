import { expect } from 'vitest'
import type { Fixture, PlannedEpisode } from './episodes.ts'
import { natively, type NativeEntry } from './imported.ts'

/** What one call gave: reward, whether the episode ended. */
export type Step = readonly [reward: number | null, done: boolean]

const EPSILON = 1e-9

/** The rewards of each step of a fixture's episodes, as the source's own library gives them. */
export async function playNatively(
  fixture: Fixture,
  entry: NativeEntry,
): Promise<readonly (readonly Step[])[]> {
  if (fixture.native === 'ors') return natively<Step[]>(fixture, entry)
  const scored = await natively<{ reward: number; asked?: number }>(fixture, entry)
  return scored.map(({ reward, asked = 1 }) => [
    ...Array.from({ length: asked - 1 }, (): Step => [null, false]),
    [reward, true],
  ])
}

/** The tool calls of a planned episode. */
export function actionsOf({
  calls,
  turns,
}: PlannedEpisode): readonly { readonly tool_name: string; readonly arguments: Record<string, unknown> }[] {
  return calls === undefined
    ? (turns ?? []).map((turn) => ({ tool_name: 'submit', arguments: { messages: [turn] } }))
    : calls.map(([name, input]) => ({ tool_name: name, arguments: { ...input } }))
}

/** Plays actions until the episode is done. */
export async function stepsOf<Action>(
  actions: readonly Action[],
  step: (action: Action) => Promise<{ readonly reward: number | null; readonly done: boolean }>,
): Promise<readonly Step[]> {
  const seen: Step[] = []
  for (const action of actions) {
    const { reward, done } = await step(action)
    seen.push([reward, done])
    if (done) break
  }
  return seen
}

/** Compares rewards to 1e-9, and where the episode ended. */
export function expectSteps(seen: readonly Step[], expected: readonly Step[], what: string): void {
  expect(seen.length, what).toBe(expected.length)
  for (const [at, [reward, done]] of seen.entries()) {
    const [wanted, over] = expected[at] ?? [Number.NaN, false]
    const where = `${what}, step ${String(at + 1)}`
    expect(done, where).toBe(over)
    if (wanted === null || reward === null) expect(reward, where).toBe(wanted)
    else expect(Math.abs(reward - wanted), where).toBeLessThanOrEqual(EPSILON)
  }
}
