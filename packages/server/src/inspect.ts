import type { MountedApp } from './mounted-app.ts'

const INSIDES = new WeakMap<object, readonly MountedApp[]>()

/** Remembers what is inside of an app, or of a server with several. */
export function keepInside(shown: object, inside: readonly MountedApp[]): void {
  INSIDES.set(shown, inside)
}

/**
 * What is inside of an app or a running server, for tests: sessions, routes, limits. No part of the public face.
 *
 * @param shown - What `createApp` or `serve` gave. Of a server with several environments, the first is meant.
 */
export function inspect(shown: object): MountedApp {
  const [first] = inspectAll(shown)
  if (first === undefined) throw new TypeError('This is not what createApp or serve gave.')
  return first
}

/** The same for each environment of a server, in their order. */
export function inspectAll(shown: object): readonly MountedApp[] {
  return INSIDES.get(shown) ?? []
}
