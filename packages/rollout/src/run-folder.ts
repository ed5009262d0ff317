import { readdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseJson } from '@openenv-ts/core/wire'
import { brokenLine, checkedLines } from './episode-log.ts'
import { Manifest, type EpisodeRecord, type EpisodeSummary } from './record.ts'
import { RolloutError } from './rollout-error.ts'
import { openRunFile } from './run-file.ts'

/** Names of the files in a run's folder. */
export const FILES = {
  manifest: 'manifest.json',
  episodes: 'episodes.jsonl',
  errors: 'errors.jsonl',
} as const

/** A run read back from its folder. */
export interface StoredRun {
  readonly dir: string
  readonly manifest: Manifest
  /** One for each finished episode, in the order of the file. */
  readonly episodes: readonly EpisodeSummary[]
  readonly finished: boolean
  /** Whole records, read from disk one at a time, and proved again. */
  records(): AsyncIterable<EpisodeRecord>
}

/**
 * Reads a run and proves its chain. A half-written last line of an unfinished run is left out; nothing is changed.
 *
 * @throws RolloutError `NO_RUN`, `BROKEN_RUN`.
 */
export async function readRun(dir: string): Promise<StoredRun> {
  const manifest = await readManifest(dir)
  const path = join(dir, FILES.episodes)
  const episodes: EpisodeSummary[] = []
  for await (const record of provedRecords(path)) episodes.push(summaryOf(record))
  checkHead(dir, manifest, { head: episodes.at(-1)?.hash ?? null, count: episodes.length })
  return { dir, manifest, episodes, finished: isFinished(manifest), records: () => provedRecords(path) }
}

/** A record without its steps. */
export function summaryOf({ steps, ...rest }: EpisodeRecord): EpisodeSummary {
  return { ...rest, step_count: steps.length }
}

/** Whether a manifest says that its run came to its end. */
export function isFinished({ finished_at }: Manifest): boolean {
  return finished_at !== undefined
}

/**
 * Reads `manifest.json`.
 *
 * @throws RolloutError `NO_RUN` when there is none, `BROKEN_RUN` when it is not as it was written.
 */
export async function readManifest(dir: string): Promise<Manifest> {
  const path = join(dir, FILES.manifest)
  let text: string
  try {
    text = await readManifestText(path)
  } catch (cause) {
    if (cause instanceof RolloutError) throw cause
    throw new RolloutError('NO_RUN', `There is no run in ${dir}: it has no ${FILES.manifest}.`, { cause })
  }
  let found: unknown
  try {
    found = parseJson(text)
  } catch (cause) {
    throw new RolloutError('BROKEN_RUN', `${path}: ${(cause as Error).message}`, { cause })
  }
  const parsed = Manifest.safeParse(found)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new RolloutError('BROKEN_RUN', `${path}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}.`)
}

const MAX_MANIFEST_BYTES = 64 * 1024 * 1024

async function readManifestText(path: string): Promise<string> {
  const file = await openRunFile(path, 'read')
  try {
    const { size } = await file.stat()
    if (size > MAX_MANIFEST_BYTES) {
      throw new RolloutError('BROKEN_RUN', `${path} has ${String(size)} bytes: 64 MiB are the most.`)
    }
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

/** The folders under `runsDir` that hold unfinished runs, newest first. */
export async function unfinishedRuns(
  runsDir: string,
): Promise<readonly { readonly dir: string; readonly manifest: Manifest }[]> {
  // Not through links: only a folder that the user names may be one.
  const entries = await readdir(runsDir, { withFileTypes: true }).catch(() => [])
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const found: { dir: string; manifest: Manifest }[] = []
  for (const name of names) {
    const dir = join(runsDir, name)
    // Whatever else lies there is no run of ours, and not to be complained about.
    const manifest = await readManifest(dir).catch(() => null)
    if (manifest !== null && !isFinished(manifest)) found.push({ dir, manifest })
  }
  return found.sort((one, other) => (one.manifest.created_at < other.manifest.created_at ? 1 : -1))
}

async function* provedRecords(path: string): AsyncGenerator<EpisodeRecord, void> {
  for await (const line of checkedLines(path)) {
    if ('record' in line) yield line.record
    else if (!line.torn) throw brokenLine(path, line)
  }
}

/** Throws `BROKEN_RUN` when a finished manifest speaks of other lines. */
export function checkHead(
  dir: string,
  manifest: Manifest,
  found: { readonly head: string | null; readonly count: number },
): void {
  if (!isFinished(manifest)) return
  if (manifest.episodes === found.count && manifest.head === found.head) return
  throw new RolloutError(
    'BROKEN_RUN',
    `${join(dir, FILES.episodes)} has ${String(found.count)} episodes and the head ${String(found.head)}; ` +
      `its manifest says ${String(manifest.episodes)} and ${String(manifest.head)}.`,
  )
}

/** Replaces the manifest as a whole: whoever reads it sees the old one or the new one. */
export async function writeManifest(dir: string, manifest: Manifest): Promise<void> {
  const path = join(dir, FILES.manifest)
  const file = await openRunFile(`${path}.new`, 'new')
  try {
    await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`)
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}

/** Whether something is at a path. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
