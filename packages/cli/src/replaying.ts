import { printable } from '@openenv-ts/core/host'
import {
  COMPARED_OF_STEPS,
  localTarget,
  readManifest,
  replay,
  type ReplayResult,
  type Target,
} from '@openenv-ts/rollout'
import { builtInEnvironment } from './environment.ts'
import { EXIT, oneLine, UsageError } from './failure.ts'
import { listenForInterrupt } from './interrupt.ts'
import { findTarget } from './target.ts'
import { note, print, progressOutput } from './terminal.ts'

/**
 * Plays a recorded run again and says whether it comes out equal, and what was compared.
 *
 * @returns 0 when it is; 1 when something differs, after naming line and step; 130 when stopped.
 */
export async function replayRun(
  dir: string,
  flags: { readonly env?: string; readonly json?: boolean },
): Promise<number> {
  using interrupt = listenForInterrupt('Stopping.')
  const target = await targetOfRun(dir, flags.env, interrupt.signal)
  const output = progressOutput()
  let result: ReplayResult
  try {
    result = await replay(dir, (signal) => target.open(signal), {
      signal: interrupt.signal,
      onEpisode: (done, total) => {
        if (output.isTerminal) output.redraw(`${String(done)}/${String(total)} episodes`)
      },
    })
  } finally {
    if (output.isTerminal) output.redraw()
  }
  if (flags.json === true) print(JSON.stringify({ run: dir, ...result }))
  else if (result.ok)
    print(`Equal: ${String(result.episodes)} episodes, ${String(result.steps)} steps. Compared: ${COMPARED}.`)
  if (result.ok) return EXIT.ok
  note(`error: ${oneLine(result.difference.message)}`)
  return EXIT.failed
}

/** What {@link replay} compares, in words. */
const COMPARED = [...COMPARED_OF_STEPS, 'outcome', 'return', 'score', 'task', 'seed', 'hashes'].join(', ')

/**
 * What a run can be played in again: what the user typed, else the built-in environment of the run's name. Paths and
 * URLs of a manifest are shown to the user and never followed, for the run may be a stranger's [OE-16].
 */
async function targetOfRun(dir: string, env: string | undefined, signal: AbortSignal): Promise<Target> {
  if (env !== undefined) return findTarget(env, signal)
  const { settings, source } = await readManifest(dir)
  if (settings.url !== null) {
    throw new UsageError(
      `The run was played on a server: name the server with --env URL. The run says that it was ${printable(settings.url)}`,
    )
  }
  const builtIn =
    source === undefined || source === settings.env ? await builtInEnvironment(settings.env) : undefined
  if (builtIn !== undefined) return localTarget(builtIn.environment)
  const hint = source === undefined ? '' : ` The run says that it was ${printable(source)}`
  throw new UsageError(
    `The run was played in "${printable(settings.env)}", which is not built in: name the environment with --env.${hint}`,
  )
}
