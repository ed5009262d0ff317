import { COMPARED_OF_STEPS, readManifest, replay, type ReplayResult } from '@openenv-ts/rollout'
import { findEnvironment } from './environment.ts'
import { EXIT, UsageError } from './failure.ts'
import { listenForInterrupt } from './interrupt.ts'
import { isTrustedSource } from './origin.ts'
import { findSubject, subjectOf, type Subject } from './target.ts'
import { note, print } from './terminal.ts'

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
  const { target } = await subjectOfRun(dir, flags.env, interrupt.signal)
  const shown = process.stderr.isTTY
  let result: ReplayResult
  try {
    result = await replay(dir, (signal) => target.open(signal), {
      signal: interrupt.signal,
      onEpisode: (done, total) => {
        if (shown) process.stderr.write(`\r\x1b[K${String(done)}/${String(total)} episodes`)
      },
    })
  } finally {
    if (shown) process.stderr.write('\r\x1b[K')
  }
  if (flags.json === true) print(JSON.stringify({ run: dir, ...result }))
  else if (result.ok)
    print(`Equal: ${String(result.episodes)} episodes, ${String(result.steps)} steps. Compared: ${COMPARED}.`)
  if (result.ok) return EXIT.ok
  note(`error: ${result.difference.message}`)
  return EXIT.failed
}

/** What {@link replay} compares, in words. */
const COMPARED = [...COMPARED_OF_STEPS, 'outcome', 'return', 'score', 'task', 'seed', 'hashes'].join(', ')

/** Where a run can be played again: as the caller says, else where it was played. */
async function subjectOfRun(dir: string, env: string | undefined, signal: AbortSignal): Promise<Subject> {
  if (env !== undefined) return findSubject(env, signal)
  const { settings, source } = await readManifest(dir)
  if (settings.url !== null) return findSubject(settings.url, signal)
  if (source !== undefined && isTrustedSource(source, dir)) return findSubject(source, signal)
  const installed = await findEnvironment(settings.env)
  if (installed !== undefined) return subjectOf(installed)
  throw new UsageError(
    `The run was played in "${settings.env}", and not from a file below this folder: name it by --env ./${settings.env}.ts`,
  )
}
