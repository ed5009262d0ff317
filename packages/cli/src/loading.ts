import { basename, extname } from 'node:path'
import type { AnyEnvironment } from '@openenv-ts/core'
import type { UnavailableEnvironment } from '@openenv-ts/server'
import { isUrl } from './environment.ts'
import { LoadFailure, oneLine, UsageError } from './failure.ts'

/**
 * Loads every environment that is to be served. Of several, one that fails stops no other [OE-23].
 *
 * @param load - Loads one, by what the user typed.
 * @returns What was loaded, in the order of the names; for those that failed, what is served in their place.
 * @throws What `load` throws for the only one; UsageError when none can be loaded, and for a URL.
 */
export async function loadAll<T extends { readonly environment: AnyEnvironment }>(
  names: readonly string[],
  load: (name: string) => Promise<T>,
): Promise<(T | UnavailableEnvironment)[]> {
  const [only] = names
  if (names.length === 1 && only !== undefined) return [await load(only)]
  const url = names.find(isUrl)
  if (url !== undefined)
    throw new UsageError(`${url} is a URL: name environments of this machine to serve them.`)
  const results = await Promise.allSettled(names.map(load))
  const faults = results.flatMap((result) => (result.status === 'rejected' ? [oneLine(result.reason)] : []))
  if (faults.length === names.length)
    throw new UsageError(`No environment can be loaded. ${faults.join(' ')}`)
  const taken = new Set(
    results.map((result) => (result.status === 'fulfilled' ? result.value.environment.name : '')),
  )
  return results.map((result, at) => {
    if (result.status === 'fulfilled') return result.value
    const name = freeName(nameOf(names[at] ?? ''), taken)
    taken.add(name)
    return { name, unavailable: toldOf(result.reason), ...underneath(result.reason) }
  })
}

/** What clients are told: the text of a stranger's exception may hold anything, and stays in the log. */
function toldOf(thrown: unknown): string {
  if (thrown instanceof LoadFailure) return thrown.told
  return thrown instanceof UsageError
    ? oneLine(thrown)
    : 'It could not be started; the log of the server says why.'
}

/** What only the log is told. A mistake in a name is told whole. */
function underneath(thrown: unknown): { readonly cause?: unknown } {
  if (!(thrown instanceof UsageError)) return { cause: thrown }
  return thrown.cause === undefined ? {} : { cause: thrown.cause }
}

/** The name that an environment which tells none is served under: that of its file, folder or package. */
function nameOf(typed: string): string {
  const last = basename(typed, extname(typed))
  const words = last.toLowerCase().split(/[^a-z0-9]+/)
  const name = words.filter((word) => word !== '').join('-')
  return /^[a-z]/.test(name) ? name : `environment${name === '' ? '' : `-${name}`}`
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name
  for (let count = 2; taken.has(free); count += 1) free = `${name}-${String(count)}`
  return free
}
