import type { z } from 'zod'
import type { AnyEnvironment, TimeStep, Simulation } from '../environment.ts'
import type { MaybePromise } from '../json.ts'
import { isObject } from '../json.ts'
import { describeIssues, issuesOf } from '../issues.ts'
import { notJsonAt, preview } from './compare.ts'
import type { Findings } from './findings.ts'

type Position = Simulation<unknown, unknown>

/**
 * The same environment with every time step and view looked at as the environment gave it, before the episode checks it:
 * only here can be seen what a schema would drop in silence.
 */
export function watched(environment: AnyEnvironment, findings: Findings): AnyEnvironment {
  const onward = (
    next: MaybePromise<Position>,
    check: (position: Position) => void,
  ): MaybePromise<Position> => {
    const arrived = (position: Position): Position => {
      check(position)
      return watch(position)
    }
    return next instanceof Promise ? next.then(arrived) : arrived(next)
  }
  const checkStep = ({ timeStep: timeStep }: Position): void => {
    checkTimeStep(timeStep, environment, findings, 'step')
  }
  const watch = (position: Position): Position => ({
    get timeStep() {
      return position.timeStep
    },
    step: (action, context) => onward(position.step(action, context), checkStep),
    ...(position.invalid && {
      invalid: (issues, context) => onward(position.invalid?.(issues, context) ?? position, checkStep),
    }),
    ...(position.truncate && {
      truncate: (context) => onward(position.truncate?.(context) ?? position, checkStep),
    }),
    ...(position.prompt && { prompt: async () => (await position.prompt?.()) ?? '' }),
    ...(position.tools && { tools: () => position.tools?.() ?? [] }),
    ...(position.view && {
      view: async () => {
        const view = (await position.view?.()) ?? {}
        if (environment.view !== undefined) checkShape('state view', view, environment.view, findings)
        return view
      },
    }),
    ...(position.fork && { fork: () => onward(position.fork?.() ?? position, () => undefined) }),
    ...(position.snapshot && { snapshot: async () => (await position.snapshot?.()) ?? null }),
    ...(position.close && { close: () => position.close?.() }),
  })
  return {
    ...environment,
    start: (context) =>
      onward(environment.start(context), ({ timeStep: timeStep }) => {
        checkTimeStep(timeStep, environment, findings, 'reset')
      }),
    ...(environment.restore && {
      restore: async (state, timeStep, context) => {
        const position = await environment.restore?.(state, timeStep, context)
        return watch(position ?? (await environment.start(context)))
      },
    }),
  }
}

function checkTimeStep(
  timeStep: TimeStep<unknown>,
  environment: AnyEnvironment,
  findings: Findings,
  after: 'reset' | 'step',
): void {
  checkShape('observation', timeStep.observation, environment.observation, findings)
  checkInfo(timeStep.info, findings)
  checkReward(timeStep, environment, findings, after)
  findings.tested('status')
  if (!['running', 'terminated', 'truncated'].includes(timeStep.status)) {
    findings.broken(
      'status',
      'The status is none of those that exist.',
      'running, terminated or truncated',
      timeStep.status,
    )
  }
}

function checkShape(what: string, value: unknown, schema: z.ZodType, findings: Findings): void {
  findings.tested('schemas')
  const odd = notJsonAt(value)
  if (odd !== null)
    findings.broken('schemas', `The ${what} is no plain JSON${at(odd)}.`, 'JSON', valueAt(value, odd))
  const parsed = schema.safeParse(value)
  if (!parsed.success) {
    const issues = issuesOf(parsed.error, value)
    findings.broken(
      'schemas',
      `The ${what} breaks its schema: ${describeIssues(issues, what)}.`,
      'what the schema says',
      value,
    )
    return
  }
  const dropped = droppedAt(value, parsed.data)
  if (dropped === null) return
  const message = `The ${what} has "${dropped}", which its schema does not: declare it, or leave it out.`
  findings.broken('schemas', message, parsed.data, value)
}

function checkInfo(info: unknown, findings: Findings): void {
  findings.tested('schemas')
  if (!isObject(info)) {
    findings.broken('schemas', 'The info is no object.', '{}', info)
    return
  }
  for (const [key, value] of Object.entries(info)) {
    if (['string', 'boolean'].includes(typeof value) || Number.isFinite(value)) continue
    findings.broken(
      'schemas',
      `The info is not flat at "${key}".`,
      'a text, a finite number or a boolean',
      value,
    )
  }
}

function checkReward(
  { reward, terms }: TimeStep<unknown>,
  environment: AnyEnvironment,
  findings: Findings,
  after: 'reset' | 'step',
): void {
  findings.tested('rewards')
  if (after === 'reset') {
    if (reward !== null) findings.broken('rewards', 'A reset has a reward.', null, reward)
    return
  }
  const scoredEachStep = 'definition' in environment
  if (reward === null ? scoredEachStep : !Number.isFinite(reward)) {
    const expected = scoredEachStep ? 'a finite number [OE-6]' : 'a finite number or null'
    findings.broken('rewards', 'The reward of a step is not a number.', expected, reward)
  }
  const [low, high] = environment.rewardRange ?? [-Infinity, Infinity]
  if (reward !== null && (reward < low || reward > high)) {
    findings.broken(
      'rewards',
      'The reward is outside the declared range.',
      `${String(low)} to ${String(high)}`,
      reward,
    )
  }
  for (const { name, value } of terms ?? []) {
    if (!Number.isFinite(value))
      findings.broken('rewards', `The term "${name}" is not finite.`, 'a finite number', value)
  }
}

/** The first key that a schema lets pass and drops. */
function droppedAt(raw: unknown, parsed: unknown, place = ''): string | null {
  if (typeof raw !== 'object' || raw === null || typeof parsed !== 'object' || parsed === null) return null
  const kept = new Map(Object.entries(parsed))
  for (const [key, value] of Object.entries(raw)) {
    const here = place === '' ? key : `${place}.${key}`
    if (value === undefined) continue
    if (!kept.has(key)) return here
    const inner = droppedAt(value, kept.get(key), here)
    if (inner !== null) return inner
  }
  return null
}

function at(place: string): string {
  return place === '' ? '' : ` at ${place}`
}

function valueAt(value: unknown, place: string): unknown {
  if (place === '') return preview(value)
  return place
    .split('.')
    .reduce<unknown>(
      (inner, key) =>
        isObject(inner) || Array.isArray(inner) ? (inner as Record<string, unknown>)[key] : inner,
      value,
    )
}
