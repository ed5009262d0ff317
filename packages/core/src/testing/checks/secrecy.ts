import type { Bench, Start, Trace } from '../bench.ts'

/** The gold data of a task stands in nothing that an agent sees of it. */
export function checkGold(bench: Bench, trace: Trace): void {
  for (const [index, { observation, info, done }] of trace.replies.entries()) {
    bench.at(trace.start, index)
    seenByAgent(bench, trace.start, 'observation', observation)
    seenByAgent(bench, trace.start, 'info', info)
    if (!done) seenByAgent(bench, trace.start, 'state before the end', trace.states[index])
  }
}

/** Finds fault with gold data in something that an agent of this episode sees. */
export function seenByAgent(bench: Bench, { task }: Start, what: string, value: unknown): void {
  if (task === null || bench.options.gold === undefined) return
  const text = JSON.stringify(value)
  for (const marker of bench.options.gold(task)) {
    bench.findings.tested('gold')
    const written = JSON.stringify(marker).slice(1, -1)
    if (written === '' || !text.includes(written)) continue
    const around = text.slice(
      Math.max(0, text.indexOf(written) - 40),
      text.indexOf(written) + written.length + 40,
    )
    bench.findings.broken('gold', `The ${what} has "${marker}", which is gold data.`, 'nothing of it', around)
  }
}
