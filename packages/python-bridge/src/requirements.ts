import { readFile } from 'node:fs/promises'
import { OpenEnvError } from '@openenv-ts/core'

/** A package's list of requirements. */
export interface Requirements {
  /** Its path relative to the package, as people know it. */
  readonly name: string
  /** Its lines without comments and blanks: what decides whether two packages need the same. */
  readonly lines: readonly string[]
}

/**
 * Reads a requirements file.
 *
 * @param file - Its path.
 * @param name - What messages call it.
 * @throws OpenEnvError FACTORY_ERROR when it cannot be read.
 */
export async function readRequirements(file: string, name: string): Promise<Requirements> {
  try {
    const text = (await readFile(file, 'utf8')).replace(/^\uFEFF/, '')
    const lines = text.split(/\r\n|\r|\n/).map((line) => line.replace(/(?:^|\s)#.*$/, '').trim())
    return { name, lines: lines.filter((line) => line !== '') }
  } catch (cause) {
    throw new OpenEnvError('FACTORY_ERROR', `${name} cannot be read: it lists what Python needs.`, { cause })
  }
}

/** Names of the requirements that come from an address of their own (`name @ git+https://…`): they are built where they are no wheel. */
export function namesFromAddresses({ lines }: Requirements): readonly string[] {
  return lines.flatMap((line) => {
    const [, name, address = ''] = /^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*@\s*(\S+)/.exec(line) ?? []
    return name === undefined || /\.whl(?:$|[?#])/.test(address) ? [] : [name]
  })
}
