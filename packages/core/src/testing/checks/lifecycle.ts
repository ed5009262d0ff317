import { isOpenEnvError } from '../../errors.ts'
import { failureOf, type Bench, type Trace } from '../bench.ts'

/** Calls at the wrong time are refused with 409, naming reset, and nothing is counted [OE-5]. */
export async function checkLifecycle(bench: Bench, trace: Trace): Promise<void> {
  await using episode = bench.open()
  bench.at(trace.start)
  bench.same('lifecycle', 'Before reset, the state', { episodeId: null, stepCount: 0 }, await episode.state())
  await refused(bench, 'A step before reset', episode.step(trace.actions[0]))
  bench.same('lifecycle', 'After a refused step, the count', 0, (await episode.state()).stepCount)
  for (let time = 0; time < 3; time += 1) {
    const reply = await bench.reset(episode, trace.start)
    if (bench.environment.deterministic)
      bench.same('lifecycle', 'Reset again, the reply', trace.replies[0], reply)
  }
  const ended = await playToTheEnd(bench, episode, trace)
  if (ended) {
    const before = await episode.state()
    await refused(bench, 'A step after the end', episode.step(trace.actions[0]))
    bench.same('lifecycle', 'After a refused step, the state', before, await episode.state())
    const reply = await bench.reset(episode, trace.start)
    bench.same('lifecycle', 'After the end, the status of a reset', trace.replies[0]?.status, reply.status)
  }
  await episode.close()
  const error = await failureOf(episode.state())
  if (!isOpenEnvError(error) || error.code !== 'CANCELLED') {
    bench.findings.broken('lifecycle', 'A closed episode still answers.', 'CANCELLED', error)
  }
}

/** An episode is done when its status says so, and ends at its limit if not by itself. */
export async function checkEnding(bench: Bench, trace: Trace): Promise<void> {
  const { endsWithin } = bench.options
  bench.at(trace.start, trace.actions.length)
  bench.findings.tested('status')
  for (const { done, status } of trace.replies) {
    if (done !== (status !== 'running'))
      bench.findings.broken('status', '`done` and status disagree.', status, done)
  }
  const last = trace.replies.at(-1)
  if (endsWithin !== undefined && (last?.done !== true || trace.actions.length > endsWithin)) {
    bench.findings.broken('status', `The episode does not end within ${String(endsWithin)} steps.`)
  }
  const steps = trace.actions.length
  if (steps === 0 || last?.done === true) return
  await using limited = bench.open({ limits: { steps } })
  await bench.reset(limited, trace.start)
  for (const action of trace.actions) await limited.step(action)
  bench.same('status', 'At its limit, the status', 'truncated', limited.status)
}

async function playToTheEnd(
  bench: Bench,
  episode: ReturnType<Bench['open']>,
  trace: Trace,
): Promise<boolean> {
  for (const [index, action] of trace.actions.entries()) {
    if (episode.status !== 'running') break
    bench.at(trace.start, index + 1)
    await episode.step(action)
  }
  return episode.status !== 'running'
}

async function refused(bench: Bench, what: string, call: Promise<unknown>): Promise<void> {
  bench.findings.tested('lifecycle')
  const error = await failureOf(call)
  if (
    isOpenEnvError(error) &&
    error.code === 'EXECUTION_ERROR' &&
    error.http === 409 &&
    error.message.includes('reset')
  )
    return
  const received = isOpenEnvError(error) ? `${error.code} ${String(error.http)}: ${error.message}` : error
  bench.findings.broken(
    'lifecycle',
    `${what} is not refused.`,
    'EXECUTION_ERROR 409 that names reset',
    received,
  )
}
