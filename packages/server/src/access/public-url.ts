import type { ServerOptions } from '../options.ts'

/**
 * An address that is handed out, without a trailing slash.
 *
 * @param name - The option, for the error.
 * @throws RangeError when it is none.
 */
export function publicAddress(name: 'publicUrl' | 'agentUrl', text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const plain = url !== null && url.username === '' && url.password === '' && !/[?#]/.test(text)
  if (url !== null && plain && (url.protocol === 'http:' || url.protocol === 'https:')) {
    return url.href.replace(/\/+$/, '')
  }
  throw new RangeError(
    `${name} is an address such as https://envs.example.com/echo, not "${text.slice(0, 200)}".`,
  )
}

/** Answers where agents reach the server, once that is known. */
export function agentAddress({
  agentUrl,
  publicUrl,
}: Pick<ServerOptions, 'agentUrl' | 'publicUrl'>): () => string | undefined {
  if (typeof agentUrl === 'function') return agentUrl
  const given = agentUrl ?? publicUrl
  const address = given === undefined ? undefined : publicAddress('agentUrl', given)
  return () => address
}
