import { readFileSync } from 'node:fs'
import type { Tokens } from '../access/authorizer.ts'

/** The planes that can have a token, with the name of its variable. */
const VARIABLES = {
  control: 'OPENENV_CONTROL_TOKEN',
  agent: 'OPENENV_AGENT_TOKEN',
  operator: 'OPENENV_OPERATOR_TOKEN',
} as const

/** Whether an environment variable holds a token of a server, or names the file that does. */
export function isTokenVariable(name: string): boolean {
  return Object.values(VARIABLES).some((each) => name === each || name === `${each}_FILE`)
}

/**
 * Reads the tokens of the planes: from `OPENENV_CONTROL_TOKEN`, `OPENENV_AGENT_TOKEN`, `OPENENV_OPERATOR_TOKEN`, or
 * from the files that the same names with `_FILE` give [OE-21]. Never from the command line, which others can read.
 *
 * @throws RangeError naming the variable when a token is empty, has blanks in it, stands twice, or cannot be read.
 */
export function readTokens(variables: Readonly<Record<string, string | undefined>>): Tokens {
  const tokens: { -readonly [K in keyof Tokens]: Tokens[K] } = {}
  for (const plane of ['control', 'agent', 'operator'] as const) {
    const token = readToken(VARIABLES[plane], variables)
    if (token === undefined) continue
    if (Object.values(tokens).includes(token)) {
      throw new RangeError(`${VARIABLES[plane]} is the same as another token: each plane needs its own.`)
    }
    tokens[plane] = token
  }
  return tokens
}

function readToken(
  name: string,
  variables: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const { [name]: direct, [`${name}_FILE`]: file } = variables
  if (direct !== undefined && file !== undefined) {
    throw new RangeError(`${name} and ${name}_FILE are both set: keep one.`)
  }
  const token = file === undefined ? direct : readFrom(file, `${name}_FILE`)
  if (token === undefined) return undefined
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new RangeError(
      `${file === undefined ? name : `${name}_FILE`} holds no token: visible ASCII, no blanks.`,
    )
  }
  return token
}

function readFrom(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    throw new RangeError(`${name} names a file that cannot be read.`)
  }
}
