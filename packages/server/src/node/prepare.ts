import { isOpenEnvError, OpenEnvError, type AnyEnvironment } from '@openenv-ts/core'
import { isObject } from '@openenv-ts/core/host'
import { createIsolation, type Isolation } from '../isolation/isolation.ts'
import type { LogEvent } from '../log-event.ts'
import { placeholder, type UnavailableEnvironment } from '../unavailable.ts'
import type { ListenOptions } from './listen-options.ts'
import type { Servable, ServedEnvironment } from './served-environment.ts'

/** Environments that are loaded, and whose executors are started. */
export interface Prepared extends AsyncDisposable {
  readonly environments: readonly (ServedEnvironment & {
    /** What its paths begin with: empty, or a slash and its name. */
    readonly path: string
  })[]
}

/**
 * Loads what is given by module, and starts the executors of each environment where isolation is asked for. Of several,
 * one that cannot be started is served as unavailable [OE-23].
 *
 * @throws RangeError when there is none, when none is available, when two have the same name, and when isolation does not
 * know where to load one from. OpenEnvError `FACTORY_ERROR` when the only one cannot be loaded or started.
 */
export async function prepare(
  given: Servable | readonly Servable[],
  { isolation = 'inline', log = ignore }: ListenOptions,
): Promise<Prepared> {
  const several = isList(given)
  const list = several ? given : [given]
  if (list.length === 0) throw new RangeError('There is no environment to serve.')
  if (list.every(isUnavailable)) throw new RangeError('None of the environments can be served.')
  const served = await Promise.all(list.map((each) => loaded(each, log)))
  const names = served.map(({ environment }) => environment.name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw new RangeError(`Two environments have the name "${twice}".`)
  const started: Isolation[] = []
  const dispose = async (): Promise<void> => {
    await Promise.all(started.map((each) => each.close()))
  }
  const start = async (each: ServedEnvironment): Promise<ServedEnvironment> => {
    const isolated = await isolationOf(each, isolation, log)
    if (isolated === null) return each
    started.push(isolated)
    return { ...each, options: { ...each.options, openEpisode: () => isolated.openEpisode() } }
  }
  try {
    const environments = await inOrder(served, async (each, at) => {
      if (isUnavailable(list[at])) return each
      try {
        return await start(each)
      } catch (cause) {
        if (!several || list.length === 1 || !isOpenEnvError(cause)) throw cause
        return unavailable({ name: each.environment.name, unavailable: NOT_STARTED, cause }, log)
      }
    })
    const path = ({ name }: AnyEnvironment): string => (several ? `/${name}` : '')
    return {
      environments: environments.map((each) => ({ ...each, path: path(each.environment) })),
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

const NOT_STARTED = 'It could not be started; the log of the server says why.'

/** Serves something in place of an environment that is not available, and logs why. */
export function unavailable(each: UnavailableEnvironment, log: (event: LogEvent) => void): ServedEnvironment {
  const { name, unavailable: reason, cause } = each
  const message = `The environment "${name}" is not available: ${reason}`
  log({ level: 'error', message, ...(cause === undefined ? {} : { cause }) })
  return { environment: placeholder(each) }
}

async function loaded(each: Servable, log: (event: LogEvent) => void): Promise<ServedEnvironment> {
  if (typeof each === 'string' || each instanceof URL) {
    const module = String(each)
    return { environment: await environmentOf(module), module }
  }
  if (isUnavailable(each)) return unavailable(each, log)
  return 'environment' in each ? each : { environment: each }
}

async function environmentOf(module: string): Promise<AnyEnvironment> {
  let exports: { readonly default?: unknown }
  try {
    exports = (await import(module)) as typeof exports
  } catch (cause) {
    throw new OpenEnvError('FACTORY_ERROR', `${module} cannot be loaded.`, { cause })
  }
  const { default: environment } = exports
  if (isObject(environment) && typeof environment['start'] === 'function') {
    return environment as unknown as AnyEnvironment
  }
  throw new OpenEnvError('FACTORY_ERROR', `${module} default-exports no environment.`)
}

async function isolationOf(
  { environment, module, loader }: ServedEnvironment,
  isolation: NonNullable<ListenOptions['isolation']>,
  log: (event: LogEvent) => void,
): Promise<Isolation | null> {
  if (isolation === 'inline') return null
  if (module === undefined) {
    throw new RangeError(
      `Isolation needs to know where executors load "${environment.name}" from: give serve the name of its package or the URL of its module in place of the object.`,
    )
  }
  const { variables = [], ...options } = typeof isolation === 'string' ? { kind: isolation } : isolation
  return createIsolation({
    ...options,
    module,
    ...(loader === undefined ? {} : { loader }),
    // What it may be given for one episode may as well be given to all.
    variables: [...variables, ...(environment.secrets ?? [])],
    log,
  })
}

/** One after the other: executors that start all at once are each slow to be ready. */
async function inOrder<T, R>(list: readonly T[], work: (each: T, at: number) => Promise<R>): Promise<R[]> {
  const done: R[] = []
  for (const [at, each] of list.entries()) done.push(await work(each, at))
  return done
}

function isList(given: Servable | readonly Servable[]): given is readonly Servable[] {
  return Array.isArray(given)
}

function isUnavailable(each: Servable | undefined): each is UnavailableEnvironment {
  return typeof each === 'object' && 'unavailable' in each
}

function ignore(): void {
  // Nobody asked for the log.
}
