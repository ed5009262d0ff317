import { isOpenEnvError } from '../../errors.ts'
import { isObject } from '../../json.ts'
import { causesOf, type Bench, type Trace } from '../bench.ts'
import { preview } from '../compare.ts'
import { seenByAgent } from './secrecy.ts'

/**
 * Whatever an agent sends is refused with an error of the table and nothing counted, or is a counted step; and the
 * episode goes on like a twin that was never sent what was refused [OE-2].
 */
export async function checkBadInput(bench: Bench, trace: Trace): Promise<void> {
  const { start } = trace
  const [legal] = trace.actions
  await using episode = bench.open()
  await using twin = bench.open()
  const restart = async (): Promise<void> => {
    await bench.reset(episode, start)
    await bench.reset(twin, start)
  }
  await restart()
  for (const bad of badActions(legal)) {
    if (episode.status !== 'running') await restart()
    bench.at(start, episode.stepCount + 1)
    bench.findings.tested('bad input')
    const before = await episode.state()
    try {
      const reply = await episode.step(bad)
      bench.same(
        'bad input',
        `After ${named(bad)}, the count`,
        before.stepCount + 1,
        (await episode.state()).stepCount,
      )
      seenByAgent(bench, start, 'observation', reply.observation)
      seenByAgent(bench, start, 'info', reply.info)
      const again = await twin.step(bad)
      if (bench.environment.deterministic)
        bench.same('bad input', `Sent ${named(bad)}, a second episode's reply`, reply, again)
    } catch (error) {
      checkRefusal(bench, bad, error)
      seenByAgent(bench, start, 'error', errorText(error))
      bench.same('bad input', `After ${named(bad)} was refused, the state`, before, await episode.state())
    }
    if (!isDeepEnough(bench, episode.stepCount)) continue
    await restart()
  }
  if (!bench.environment.deterministic || legal === undefined) return
  if (episode.status !== 'running' || twin.status !== 'running') await restart()
  bench.at(start, episode.stepCount + 1)
  const untouched = await twin.step(legal)
  bench.same('bad input', 'After all of it, the reply to a good action', untouched, await episode.step(legal))
}

/** Long games are cut: every bad action is tried early in one. */
function isDeepEnough({ steps }: Bench, count: number): boolean {
  return count >= steps
}

function checkRefusal(bench: Bench, bad: unknown, error: unknown): void {
  if (!isOpenEnvError(error)) {
    bench.findings.broken(
      'bad input',
      `${named(bad)} makes the step fail with no error of the table.`,
      'an OpenEnvError',
      causesOf(error),
    )
    return
  }
  if (error.code !== 'VALIDATION_ERROR') {
    const message = `${named(bad)} makes the environment fail: check it, or count it with \`invalid\`.`
    bench.findings.broken('bad input', message, 'VALIDATION_ERROR, or a counted step', causesOf(error))
  }
  if (/\n\s+at |file:\/\/|node_modules/.test(errorText(error))) {
    bench.findings.broken(
      'bad input',
      'An error shows where in the code it came from.',
      'a message for an agent',
      errorText(error),
    )
  }
}

function errorText(error: unknown): string {
  return isOpenEnvError(error) ? JSON.stringify([error.message, error.issues, error.data]) : ''
}

function named(bad: unknown): string {
  return `the action ${preview(bad, 60)}`
}

/** What agents send that have lost the thread, and what attackers send. */
function badActions(legal: unknown): readonly unknown[] {
  const object = isObject(legal) ? legal : {}
  return [
    ...[
      undefined,
      null,
      true,
      0,
      -1,
      NaN,
      Infinity,
      10n,
      '',
      'text',
      [],
      [legal],
      [[[]]],
      () => 1,
      Symbol('s'),
      new Date(0),
    ],
    {},
    { 'there is no such field': 1 },
    { ...object, 'there is no such field': { a: 1 } },
    parsed('{"__proto__": {"done": true}}'),
    { ...object, ...parsed('{"constructor": {"prototype": {"done": true}}}') },
    Object.defineProperty({ ...object }, '__proto__', { value: { done: true }, enumerable: true }),
    nested(500),
    { ...object, deep: nested(500) },
    circular(),
    ...Object.keys(object).flatMap((key) => {
      const { [key]: _without, ...rest } = object
      return [rest, ...BAD_VALUES.map((value) => ({ ...object, [key]: value }))]
    }),
  ]
}

const BAD_VALUES: readonly unknown[] = [
  ...[null, true, NaN, Infinity, -Infinity, -1, 0.5, 1e308, -1e308, 2 ** 53, 10n, ''],
  ...[
    '\ud800',
    '\udc00 \ud800',
    '\u0000',
    '__proto__',
    'constructor',
    'toString',
    '7',
    'x'.repeat(100_000),
    '<script>',
    '🙂'.repeat(100),
  ],
  ...[[], [null], {}, { length: 3 }, nested(500), parsed('{"__proto__": {"a": 1}}'), circular()],
]

/** What a parser makes of a text: `__proto__` as a property like any other. */
function parsed(text: string): object {
  return JSON.parse(text) as object
}

function nested(depth: number): unknown {
  let value: unknown = 0
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

function circular(): object {
  const loop: Record<string, unknown> = {}
  loop['self'] = loop
  return loop
}
