import { OpenEnvError, type AnyEnvironment } from '@openenv-ts/core'
import { printable } from '@openenv-ts/core/host'
import { z } from 'zod'

/** An environment that was to be served and cannot be. */
export interface UnavailableEnvironment {
  /** The name that it is served under: lower-case words joined by hyphens. */
  readonly name: string
  /**
   * What is wrong, in one line. Clients that try to start an episode are told, so it must hold no secret. Paths and
   * names of modules are left out.
   */
  readonly unavailable: string
  /** What happened underneath; goes to the log, never to clients. */
  readonly cause?: unknown
}

const REASONS = new WeakMap<object, string>()
const MAX_REASON_CHARACTERS = 500

/**
 * What is served in place of an environment that cannot be: it has the same routes, and every reset is refused with
 * `FACTORY_ERROR`, so that the other environments of the server go on [OE-23].
 */
export function placeholder({ name, unavailable }: Omit<UnavailableEnvironment, 'cause'>): AnyEnvironment {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new RangeError(`"${printable(name)}" is no name: use lower-case words joined by hyphens.`)
  }
  const reason = toldReason(unavailable)
  const environment: AnyEnvironment = {
    name,
    description: 'This environment is not available: it could not be loaded.',
    version: '0.0.0',
    action: z.looseObject({}),
    observation: z.looseObject({}),
    rubric: [],
    limits: {},
    deterministic: false,
    concurrent: true,
    start: () => {
      throw new OpenEnvError('FACTORY_ERROR', `The environment "${name}" is not available: ${reason}`)
    },
  }
  REASONS.set(environment, reason)
  return environment
}

/** Why an environment is not available, in one line; undefined for one that is. */
export function whyUnavailable(environment: AnyEnvironment): string | undefined {
  return REASONS.get(environment)
}

function toldReason(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ')
  return printable(line.replaceAll(PLACES, '…'), MAX_REASON_CHARACTERS)
}

/** Absolute paths and names of modules: what the server's machine holds is for its log only. */
const PLACES =
  /(?<![\w.~@/-])(?:file:\/\/)?(?:[A-Za-z]:)?(?:[/\\][^\s/\\:'"`()]+)+[/\\]?|[^\s:'"`()]+\.[cm]?[jt]sx?\b/g
