import { createInterface } from 'node:readline/promises'
import { OpenEnvError } from '@openenv-ts/core'
import { printable } from '@openenv-ts/core/host'

/** Which packages an installer may build: those without a wheel run their own build, which is code of strangers. */
export type Builds =
  | { readonly allowed: 'none' }
  | { readonly allowed: 'these'; readonly names: readonly string[] }
  | { readonly allowed: 'any' }

/** What is to be decided, and where an answer can come from. */
export interface BuildQuestion {
  /** The environment, for the question. */
  readonly environment: string
  /** Packages that have no wheel. */
  readonly needsBuild: readonly string[]
  /** The author's or the user's own word, given before. */
  readonly build: boolean
  readonly terminal?: Terminal
}

/** Where a person can be asked. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean }
}

/**
 * Decides what may be built: nothing where all packages have wheels, and otherwise what was allowed with `--build` or
 * `build: true`, or what a person says yes to on a terminal.
 *
 * @throws OpenEnvError FACTORY_ERROR naming the packages, where it was not allowed.
 */
export async function buildsAllowed(question: BuildQuestion): Promise<Builds> {
  const { environment, needsBuild, build } = question
  if (build) return needsBuild.length === 0 ? { allowed: 'any' } : { allowed: 'these', names: needsBuild }
  if (needsBuild.length === 0) return { allowed: 'none' }
  if (await saysYes(question)) return { allowed: 'these', names: needsBuild }
  throw new OpenEnvError(
    'FACTORY_ERROR',
    `${environment} needs packages without a wheel: ${needsBuild.join(', ')}. Installing them runs their own build on this machine. ` +
      'To allow that, start it once with --build (or OPENENV_BUILD=1 in the environment), or set build: true in src/index.ts.',
  )
}

async function saysYes({ environment, needsBuild, terminal = standard() }: BuildQuestion): Promise<boolean> {
  if (terminal.input.isTTY !== true || terminal.output.isTTY !== true) return false
  const asking = createInterface(terminal)
  // Ctrl-D, or the end of what is typed, is no yes.
  const closed = new Promise<string>((resolve) =>
    asking.once('close', () => {
      resolve('')
    }),
  )
  try {
    const answer = await Promise.race([
      closed,
      asking.question(
        `${printable(environment)} needs packages without a wheel: ${needsBuild.map((name) => printable(name)).join(', ')}.\n` +
          'Installing them runs their own build on this machine. Build them? [y/N] ',
      ),
    ])
    return /^\s*y(?:es)?\s*$/i.test(answer)
  } finally {
    asking.close()
  }
}

function standard(): Terminal {
  return { input: process.stdin, output: process.stderr }
}
