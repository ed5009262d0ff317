import type { Bench, Trace } from '../bench.ts'

/** Two runs of the same are the same bytes, whatever ran before and whatever the time. */
export async function checkDeterminism(bench: Bench, trace: Trace): Promise<void> {
  await using episode = bench.open()
  if (
    !bench.same(
      'determinism',
      'A second run: the reply',
      trace.replies[0],
      await bench.reset(episode, trace.start),
    )
  )
    return
  await bench.follow('determinism', 'A second run', episode, trace)
}

/** A seed alone fixes the start, also in an episode that was used before. */
export async function checkSeeds(bench: Bench, { start }: Trace): Promise<void> {
  const { seed } = start
  const { options } = bench.options
  const alone = { seed, ...(options === undefined ? {} : { options }) }
  await using fresh = bench.open()
  bench.at({ seed, task: null }, 0)
  const first = await fresh.reset(alone)
  await using used = bench.open()
  await bench.reset(used, { ...start, seed: seed === 0 ? 1 : seed - 1 })
  bench.at({ seed, task: null }, 0)
  bench.same('seeds', 'In an episode used before, the reset', first, await used.reset(alone))
  const drawing = { drawSeed: () => seed }
  await using drawn = bench.open(drawing)
  const unseeded = await drawn.reset(options === undefined ? {} : { options })
  const { seed: shown } = await drawn.state()
  bench.same('seeds', 'The drawn seed in the state', seed, shown)
  bench.same(
    'seeds',
    'With the seed that was drawn, the reset',
    unseeded,
    await fresh.reset({ ...alone, index: 0 }),
  )
}

/** The recorded actions, read back from JSON, lead to the recorded replies, in an episode that played on. */
export async function checkReplay(bench: Bench, trace: Trace): Promise<void> {
  const recorded = JSON.parse(JSON.stringify(trace)) as Trace
  await using episode = bench.open()
  await bench.reset(episode, trace.start)
  const [action] = trace.actions
  if (action !== undefined) await episode.step(action)
  bench.same(
    'replay',
    'After another reset, the reply',
    recorded.replies[0],
    await bench.reset(episode, trace.start),
  )
  await bench.follow('replay', 'Replayed', episode, recorded)
}

/** Calls made at once are answered as if made one after the other. */
export async function checkOrder(bench: Bench, trace: Trace): Promise<void> {
  await using episode = bench.open()
  bench.at(trace.start)
  const reset = episode.reset(bench.resetOptions(trace.start))
  const steps = trace.actions.map((action) => episode.step(action))
  const [replies, state] = await Promise.all([Promise.all([reset, ...steps]), episode.state()])
  for (const [index, reply] of replies.entries()) {
    bench.at(trace.start, index)
    if (!bench.same('order', 'Of calls made at once, the reply', trace.replies[index], reply)) return
  }
  bench.same('order', 'Of calls made at once, the state', trace.states.at(-1), state)
}

/** What was given out can be changed without changing anything inside. */
export async function checkReadOnly(bench: Bench, trace: Trace): Promise<void> {
  await using episode = bench.open()
  vandalize((await bench.reset(episode, trace.start)).observation)
  for (const [index, action] of trace.actions.entries()) {
    bench.at(trace.start, index + 1)
    vandalize(await episode.state())
    const reply = await episode.step(action)
    const same = bench.same(
      'read-only state',
      'After what was given out had been changed, the reply',
      trace.replies[index + 1],
      reply,
    )
    if (!same) return
    vandalize(reply.observation)
  }
  bench.same(
    'read-only state',
    'After what was given out had been changed, the state',
    trace.states.at(-1),
    await episode.state(),
  )
}

/** Spoils a value in place, all the way down. */
function vandalize(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    vandalize(inner)
    Reflect.set(value, key, 'vandalized')
  }
  if (Array.isArray(value) && Object.isExtensible(value)) value.push('vandalized')
}
