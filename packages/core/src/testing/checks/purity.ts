import type { z } from 'zod'
import type { AnyEnvironment } from '../../environment.ts'
import { openLocal } from '../../local.ts'
import { definePureEnvironment, type PureDefinition } from '../../pure-environment.ts'
import { describeIssues, issuesOf } from '../../issues.ts'
import type { Bench, Trace } from '../bench.ts'
import { notJsonAt } from '../compare.ts'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the definition of whatever environment is under test
type AnyDefinition = PureDefinition<any, any, any, any, any, any>

/** The functions of a pure environment change nothing that they are given, and answer the same for the same. */
export async function checkPurity(bench: Bench, trace: Trace): Promise<void> {
  const definition = definitionOf(bench.environment)
  if (definition === null) return
  const guarded = definePureEnvironment(new Guard(bench).definition(definition))
  await using episode = openLocal(guarded)
  await bench.reset(episode, trace.start)
  for (const [index, action] of trace.actions.entries()) {
    bench.at(trace.start, index + 1)
    await episode.step(action)
    await episode.state()
  }
}

function definitionOf(environment: AnyEnvironment): AnyDefinition | null {
  const { definition } = environment as { definition?: unknown }
  return typeof definition === 'object' && definition !== null && 'transition' in definition
    ? (definition as AnyDefinition)
    : null
}

/** Puts a check around each function of a definition. */
class Guard {
  readonly #bench: Bench

  constructor(bench: Bench) {
    this.#bench = bench
  }

  definition(definition: AnyDefinition): AnyDefinition {
    const { state, view } = definition
    const terms = Object.entries(definition.reward).map(([name, term]) => {
      const { weight, score } = typeof term === 'function' ? { weight: 1, score: term } : term
      const guarded = this.#steady(`reward.${name}`, (given, step) => score(given, step as never), [
        'state',
        'step',
      ])
      return [name, { weight, score: guarded }] as const
    })
    return {
      ...definition,
      initial: (context) => {
        const task = context.task?.data as unknown
        const answer: unknown = this.#unchanged('initial', (): unknown => definition.initial(context), [
          ['task', task],
        ])
        return this.#state('initial', answer, state)
      },
      transition: (before, action, context) => {
        const [given, acted] = copyOf([before, action]) as [never, never]
        const answer: unknown = this.#unchanged(
          'transition',
          (): unknown => definition.transition(given, acted, context),
          [
            ['state', given],
            ['action', acted],
          ],
        )
        return this.#state('transition', answer, state)
      },
      observe: this.#steady('observe', (given): unknown => definition.observe(given), ['state']),
      status: this.#steady('status', (given) => definition.status(given), ['state']),
      reward: Object.fromEntries(terms),
      ...(definition.info && {
        info: this.#steady('info', (given, step) => definition.info?.(given, step as never) ?? {}, [
          'state',
          'step',
        ]),
      }),
      ...(definition.invalid && {
        invalid: this.#steady(
          'invalid',
          (given, issues): unknown => definition.invalid?.(given, issues as never),
          ['state', 'issues'],
        ),
      }),
      ...(view && {
        view: {
          schema: view.schema,
          of: this.#steady('view.of', (given): unknown => view.of(given), ['state']),
        },
      }),
    }
  }

  /** Calls twice, on copies: nothing given may change, and the answers are the same. */
  #steady<R>(
    name: string,
    call: (...args: unknown[]) => R,
    names: readonly string[],
  ): (...args: unknown[]) => R {
    return (...args) => {
      const ask = (given: readonly unknown[]): R => {
        const copies = copyOf(given)
        return this.#unchanged(
          name,
          () => call(...copies),
          names.map((argument, index) => [argument, copies[index]]),
        )
      }
      const [first, second] = [ask(args), ask(args)]
      this.#bench.same('pure functions', `For the same arguments, a second answer of ${name}`, first, second)
      return first
    }
  }

  #unchanged<R>(name: string, call: () => R, given: readonly (readonly [name: string, value: unknown])[]): R {
    const before = given.map(([, value]) => JSON.stringify(value))
    const answer = call()
    for (const [index, [argument, value]] of given.entries()) {
      this.#bench.findings.tested('pure functions')
      const [was, is] = [before[index], JSON.stringify(value)]
      if (was === is) continue
      const message = `${name} changes the ${argument} that it is given: answer a new one instead.`
      this.#bench.findings.broken('pure functions', message, JSON.parse(was ?? 'null'), value)
    }
    return answer
  }

  #state(name: string, answer: unknown, schema: z.ZodType): unknown {
    const { findings } = this.#bench
    findings.tested('schemas')
    const odd = notJsonAt(answer)
    if (odd !== null)
      findings.broken(
        'schemas',
        `The state that ${name} answers is no plain JSON${odd === '' ? '' : ` at ${odd}`}.`,
      )
    const parsed = schema.safeParse(answer)
    if (parsed.success) return answer
    const issues = describeIssues(issuesOf(parsed.error, answer), 'state')
    findings.broken(
      'schemas',
      `The state that ${name} answers breaks its schema: ${issues}.`,
      'what the schema says',
      answer,
    )
    return answer
  }
}

function copyOf(args: readonly unknown[]): unknown[] {
  try {
    return structuredClone(args) as unknown[]
  } catch {
    // What cannot be copied is no plain JSON, which is a finding of its own.
    return [...args]
  }
}
