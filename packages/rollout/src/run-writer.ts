import { mkdir, readdir, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { chained, lineOf } from './chain.ts'
import { brokenLine, checkedLines, MAX_LINE_BYTES } from './episode-log.ts'
import { lockRun } from './run-lock.ts'
import type { EpisodeRecord, Manifest, UnchainedRecord } from './record.ts'
import { RolloutError } from './rollout-error.ts'
import { openRunFile } from './run-file.ts'
import { checkHead, FILES, readManifest, writeManifest } from './run-folder.ts'

/** Data reaches the disk itself at most this often; a killed process loses nothing, a power cut the last second. */
const SYNC_INTERVAL_MS = 1000

/** The one writer of a run's folder. Lines are appended in the order of the calls. */
export class RunWriter {
  readonly dir: string
  readonly #log: FileHandle
  readonly #unlock: () => Promise<void>
  #manifest: Manifest
  #head: string | null
  #count: number
  /** Settles when everything that was accepted is written. */
  #tail: Promise<unknown> = Promise.resolve()
  #lastSync = 0
  #failure: Error | undefined

  private constructor(
    dir: string,
    log: FileHandle,
    unlock: () => Promise<void>,
    manifest: Manifest,
    position: { readonly head: string | null; readonly count: number },
  ) {
    this.dir = dir
    this.#log = log
    this.#unlock = unlock
    this.#manifest = manifest
    this.#head = position.head
    this.#count = position.count
  }

  /**
   * Starts a run in a new folder.
   *
   * @throws RolloutError `OUT_EXISTS` when there is such a folder.
   */
  static async create(dir: string, manifest: Manifest): Promise<RunWriter> {
    await mkdir(join(dir, '..'), { recursive: true })
    try {
      await mkdir(dir)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      throw new RolloutError(
        'OUT_EXISTS',
        `${dir} exists. Choose another folder, or go on with its run (--resume).`,
      )
    }
    return RunWriter.#begin(dir, manifest, await lockRun(dir))
  }

  /**
   * Goes on with the run in a folder: repairs a half-written last line, and proves all others.
   *
   * @param manifest - What a new run would have; taken when the folder is empty, because its process was killed before
   * it wrote anything.
   * @param onRecord - Called with every record that is there already.
   * @throws RolloutError `NO_RUN`, `RUN_LOCKED`, `BROKEN_RUN`.
   */
  static async resume(
    dir: string,
    manifest: Manifest,
    onRecord: (record: EpisodeRecord) => void,
  ): Promise<RunWriter> {
    const unlock = await lockRun(dir)
    try {
      if (await isEmpty(dir)) return await RunWriter.#begin(dir, manifest, unlock)
      const stored = await readManifest(dir)
      const position = await repair(join(dir, FILES.episodes), onRecord)
      checkHead(dir, stored, position)
      return new RunWriter(dir, await openLog(dir), unlock, stored, position)
    } catch (error) {
      await unlock()
      throw error
    }
  }

  static async #begin(dir: string, manifest: Manifest, unlock: () => Promise<void>): Promise<RunWriter> {
    await writeManifest(dir, manifest)
    return new RunWriter(dir, await openLog(dir), unlock, manifest, { head: null, count: 0 })
  }

  get manifest(): Manifest {
    return this.#manifest
  }

  /** Gives a record its place in the chain and writes it; resolves when the operating system has it. */
  append(record: UnchainedRecord): Promise<EpisodeRecord> {
    return this.#inTurn(async () => {
      if (this.#failure !== undefined) throw this.#failure
      const placed = chained(record, this.#head)
      const line = `${lineOf(placed)}\n`
      checkLength(line, record)
      try {
        await this.#log.appendFile(line)
      } catch (error) {
        // Half a line may stand there now: one after it would break the chain for good.
        this.#failure = error as Error
        throw error
      }
      this.#head = placed.hash
      this.#count += 1
      if (Date.now() - this.#lastSync >= SYNC_INTERVAL_MS) {
        await this.#log.datasync()
        this.#lastSync = Date.now()
      }
      return placed
    })
  }

  /** Writes down what went wrong, beside the records: `errors.jsonl` explains and proves nothing. */
  note(error: Readonly<Record<string, unknown>>): Promise<void> {
    return this.#inTurn(async () => {
      const file = await openRunFile(join(this.dir, FILES.errors), 'append')
      await file.appendFile(`${JSON.stringify(error)}\n`).finally(() => file.close())
    })
  }

  /** Says in the manifest that the run is finished, and with which line. */
  finish(now: number): Promise<Manifest> {
    return this.#inTurn(async () => {
      await this.#log.datasync()
      this.#manifest = finished(this.#manifest, now, this.#head, this.#count)
      await writeManifest(this.dir, this.#manifest)
      return this.#manifest
    })
  }

  /** Waits for what was accepted, and lets others write. */
  async close(): Promise<void> {
    await this.#inTurn(async () => {
      try {
        await this.#log.datasync()
      } finally {
        await this.#log.close()
        await this.#unlock()
      }
    })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(work)
    // What failed is its caller's to handle.
    this.#tail = done.catch(() => undefined)
    return done
  }
}

/** What takes a run's records. */
export type Writer = Pick<RunWriter, 'manifest' | 'append' | 'note' | 'finish' | 'close'> & {
  readonly dir: string | null
}

/** Takes records and keeps none: for runs that are written nowhere. */
export class MemoryWriter implements Writer {
  readonly dir = null
  manifest: Manifest
  #head: string | null = null
  #count = 0

  constructor(manifest: Manifest) {
    this.manifest = manifest
  }

  append(record: UnchainedRecord): Promise<EpisodeRecord> {
    const placed = chained(record, this.#head)
    this.#head = placed.hash
    this.#count += 1
    return Promise.resolve(placed)
  }

  note(): Promise<void> {
    return Promise.resolve()
  }

  finish(now: number): Promise<Manifest> {
    this.manifest = finished(this.manifest, now, this.#head, this.#count)
    return Promise.resolve(this.manifest)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

function finished(manifest: Manifest, now: number, head: string | null, episodes: number): Manifest {
  return { ...manifest, finished_at: new Date(now).toISOString(), episodes, head }
}

/** Whether nothing of a run is in a folder, locks and a manifest that was never put in place aside. */
async function isEmpty(dir: string): Promise<boolean> {
  const names = await readdir(dir)
  return names.every((name) => /^(\.lock-|run\.lock)/.test(name) || name === `${FILES.manifest}.new`)
}

/** Proves the log, cuts off a torn line, and ends a whole one that only lacks its newline. */
async function repair(
  path: string,
  onRecord: (record: EpisodeRecord) => void,
): Promise<{ readonly head: string | null; readonly count: number }> {
  let head: string | null = null
  let count = 0
  let end = 0
  let whole = true
  for await (const line of checkedLines(path)) {
    if ('fault' in line) {
      if (!line.torn) throw brokenLine(path, line)
      await changed(path, (file) => file.truncate(end))
      break
    }
    ;({ end, whole } = line)
    head = line.record.hash
    count += 1
    onRecord(line.record)
  }
  if (!whole) {
    await changed(path, (file) => file.write('\n', end).then(() => undefined))
  }
  return { head, count }
}

function checkLength(line: string, { episode_id }: UnchainedRecord): void {
  const bytes = Buffer.byteLength(line)
  if (bytes <= MAX_LINE_BYTES) return
  throw new RolloutError(
    'INVALID_OPTION',
    `Episode ${episode_id} takes ${String(bytes)} bytes, and a run holds 64 MiB an episode. Set a lower limit of steps.`,
  )
}

function openLog(dir: string): Promise<FileHandle> {
  return openRunFile(join(dir, FILES.episodes), 'append')
}

async function changed(path: string, change: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await openRunFile(path, 'repair')
  await change(file).finally(() => file.close())
}
