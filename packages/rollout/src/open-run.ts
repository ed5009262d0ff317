import { createRequire } from 'node:module'
import { join } from 'node:path'
import { settingsDifferences } from './settings-differences.ts'
import { type EpisodeSummary, type Manifest, type RunSettings, SCHEMA_VERSION } from './record.ts'
import { RolloutError } from './rollout-error.ts'
import type { RolloutOptions } from './rollout-options.ts'
import { exists, summaryOf, unfinishedRuns } from './run-folder.ts'
import { RunWriter } from './run-writer.ts'

/** The manifest of a run that starts now. */
export function newManifest(settings: RunSettings, source: string | undefined, now: number): Manifest {
  const { name, version } = createRequire(import.meta.url)('../package.json') as {
    name: string
    version: string
  }
  return {
    schema_version: SCHEMA_VERSION,
    created_at: new Date(now).toISOString(),
    settings,
    ...(source === undefined ? {} : { source }),
    versions: { [name]: version, node: process.version.slice(1) },
  }
}

/**
 * Opens the folder that a rollout writes to [OE-16]: a new one, or, to go on, the one that is there.
 *
 * @param onEpisode - Called with every episode that is there already.
 * @throws RolloutError `OUT_EXISTS`, `OTHER_SETTINGS`, `NOTHING_TO_RESUME`, `RUN_LOCKED`, `NO_RUN`, `BROKEN_RUN`.
 */
export async function openRun(
  manifest: Manifest,
  options: RolloutOptions & { readonly out?: string },
  onEpisode: (episode: EpisodeSummary) => void,
): Promise<RunWriter> {
  const { out, runsDir = 'runs', resume = false } = options
  if (!resume) return out === undefined ? createDefault(runsDir, manifest) : RunWriter.create(out, manifest)
  const dir = out ?? (await findUnfinished(runsDir, manifest.settings))
  if (!(await exists(dir))) return RunWriter.create(dir, manifest)
  const episodes: EpisodeSummary[] = []
  const writer = await RunWriter.resume(dir, manifest, (record) => episodes.push(summaryOf(record)))
  const differences = settingsDifferences(writer.manifest.settings, manifest.settings)
  if (differences.length > 0) {
    await writer.close()
    throw otherSettings(dir, differences)
  }
  episodes.forEach(onEpisode)
  return writer
}

async function findUnfinished(runsDir: string, settings: RunSettings): Promise<string> {
  const runs = await unfinishedRuns(runsDir)
  const [newest] = runs
  if (newest === undefined) {
    throw new RolloutError(
      'NOTHING_TO_RESUME',
      `There is no unfinished run in ${runsDir}. Start one without --resume.`,
    )
  }
  const same = runs.find((run) => settingsDifferences(run.manifest.settings, settings).length === 0)
  if (same !== undefined) return same.dir
  throw otherSettings(newest.dir, settingsDifferences(newest.manifest.settings, settings))
}

function otherSettings(dir: string, differences: readonly string[]): RolloutError {
  return new RolloutError(
    'OTHER_SETTINGS',
    `The run in ${dir} has other settings: ${differences.join('; ')}.`,
  )
}

/** `<UTC time>-<env>-<policy>`, with a number where two runs start in the same second. */
async function createDefault(runsDir: string, manifest: Manifest): Promise<RunWriter> {
  const { env, policy } = manifest.settings
  const time = manifest.created_at.slice(0, 19).replaceAll(':', '-')
  const name = `${time}Z-${plain(env)}-${plain(policy)}`
  for (let count = 1; ; count += 1) {
    try {
      return await RunWriter.create(join(runsDir, count === 1 ? name : `${name}-${String(count)}`), manifest)
    } catch (error) {
      if (!(error instanceof RolloutError) || error.code !== 'OUT_EXISTS' || count === 1000) throw error
    }
  }
}

/** A name as part of a folder's name. */
function plain(name: string): string {
  return name.replaceAll(/[^\w.-]+/g, '_').slice(0, 60)
}
