import type { Snapshot } from '../../episode.ts'
import type { Bench, Trace } from '../bench.ts'
import { notJsonAt } from '../compare.ts'
import { supported } from '../expectation.ts'

/** Where in an episode to fork and to snapshot: at the start, in the middle and at the end. */
function positionsOf({ actions }: Trace): readonly number[] {
  return [...new Set([0, Math.floor(actions.length / 2), actions.length])]
}

/** A fork and its original go their own ways, and come to the same by the same actions. */
export async function checkFork(bench: Bench, trace: Trace, other: Trace): Promise<void> {
  for (const position of positionsOf(trace)) {
    await using original = bench.open()
    await playTo(bench, original, trace, position)
    const stray = await supported(original.fork())
    if (stray === null) return
    await using twin = await original.fork()
    // Other actions, so that something that both hold would show.
    for (const action of other.actions) {
      if (stray.status !== 'running') break
      await stray.step(action)
    }
    await stray.close()
    bench.at(trace.start, position)
    const same = bench.same(
      'fork',
      'After its fork had gone another way, the state of the original',
      trace.states[position],
      await original.state(),
    )
    if (!same) return
    if (
      !(await bench.follow(
        'fork',
        'After its fork had gone another way, the original',
        original,
        trace,
        position,
      ))
    )
      return
    if (!(await bench.follow('fork', 'After its original had gone on, the fork', twin, trace, position)))
      return
  }
}

/** A snapshot is plain JSON, and in another episode the same goes on from it. */
export async function checkSnapshot(bench: Bench, trace: Trace): Promise<void> {
  for (const position of positionsOf(trace)) {
    await using original = bench.open()
    await playTo(bench, original, trace, position)
    const snapshot = await supported(original.snapshot())
    if (snapshot === null) return
    const text = JSON.stringify(snapshot)
    const odd = notJsonAt(snapshot)
    if (odd !== null) bench.findings.broken('snapshot', `The snapshot is no plain JSON at ${odd}.`)
    for (const action of trace.actions.slice(position)) await original.step(action)
    await using other = bench.open()
    const reply = await other.restore(JSON.parse(text) as Snapshot)
    if (!bench.same('snapshot', 'Restored, the last reply', trace.replies[position], reply)) return
    if (!bench.same('snapshot', 'Restored, the state', trace.states[position], await other.state())) return
    if (!(await bench.follow('snapshot', 'Restored', other, trace, position))) return
  }
}

async function playTo(
  bench: Bench,
  episode: ReturnType<Bench['open']>,
  trace: Trace,
  position: number,
): Promise<void> {
  await bench.reset(episode, trace.start)
  for (const action of trace.actions.slice(0, position)) await episode.step(action)
  bench.at(trace.start, position)
}
