import { createHash } from 'node:crypto'
import { copyFile, mkdir, open, readFile, truncate, writeFile, type FileHandle } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { scratch } from '../test/environments.ts'
import { sampleManifest, sampleRecord } from '../test/records.ts'
import { canonicalJson } from './canonical-json.ts'
import type { EpisodeRecord } from './record.ts'
import { readRun } from './run-folder.ts'
import { RunWriter } from './run-writer.ts'

/** Writes a run of three episodes and answers the bytes of its log. */
async function writeRun(dir: string, finish = false): Promise<Buffer> {
  const writer = await RunWriter.create(dir, sampleManifest())
  for (const repeat of [0, 1, 2]) await writer.append(sampleRecord(repeat))
  if (finish) await writer.finish(Date.UTC(2026, 0, 2))
  await writer.close()
  return readFile(`${dir}/episodes.jsonl`)
}

describe('the log [OE-16] [RR-9]', () => {
  it('has the fields of the format, in order, and a chain that anybody can check', async () => {
    await using place = await scratch()
    const log = (await writeRun(place.path('run'), true)).toString('utf8')
    const lines = log.trimEnd().split('\n')
    expect(lines).toHaveLength(3)
    let previous: unknown = null
    for (const line of lines) {
      const parsed = JSON.parse(line) as Record<string, unknown>
      expect(Object.keys(parsed).join(', ')).toBe(
        'schema_version, episode_id, task_id, split, repeat, seed, policy, steps, outcome, status, return, score, ' +
          'usage, started_at, duration_ms, prev_hash, hash',
      )
      const { hash, ...rest } = parsed
      expect(rest['prev_hash']).toBe(previous)
      expect(hash).toBe(createHash('sha256').update(canonicalJson(rest)).digest('hex'))
      previous = hash
    }
    const manifest = JSON.parse(await readFile(place.path('run/manifest.json'), 'utf8')) as Record<
      string,
      unknown
    >
    expect(manifest).toMatchObject({ head: previous, episodes: 3, finished_at: '2026-01-02T00:00:00.000Z' })
  })

  it('keeps the order of calls made at once, in one chain', async () => {
    await using place = await scratch()
    const writer = await RunWriter.create(place.path('run'), sampleManifest())
    const placed = await Promise.all(
      Array.from({ length: 50 }, (_, repeat) => writer.append(sampleRecord(repeat))),
    )
    await writer.close()
    const { episodes } = await readRun(place.path('run'))
    expect(episodes.map(({ hash }) => hash)).toEqual(placed.map(({ hash }) => hash))
    expect(episodes.map(({ repeat }) => repeat)).toEqual(placed.map((_, index) => index))
  })

  it('is read back as it was written, steps and all', async () => {
    await using place = await scratch()
    await writeRun(place.path('run'))
    const run = await readRun(place.path('run'))
    expect(run.finished).toBe(false)
    const records: EpisodeRecord[] = []
    for await (const record of run.records()) records.push(record)
    expect(records.map(({ prev_hash: _prev, hash: _hash, ...rest }) => rest)).toEqual(
      [0, 1, 2].map((n) => sampleRecord(n)),
    )
  })

  it('accepts no more lines after a write that failed', async () => {
    await using place = await scratch()
    const writer = await RunWriter.create(place.path('run'), sampleManifest())
    await writer.append(sampleRecord(0))
    // A full disk: half of the line is written, then the write fails. The writes after it would succeed.
    await using file = await open(place.path('run/episodes.jsonl'))
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    vi.spyOn(Object.getPrototypeOf(file) as FileHandle, 'appendFile').mockImplementationOnce(async function (
      this: FileHandle,
      line,
    ) {
      await this.write(String(line).slice(0, 40))
      throw full
    })
    await expect(writer.append(sampleRecord(1))).rejects.toBe(full)
    await expect(writer.append(sampleRecord(2))).rejects.toBe(full)
    await writer.close()
    expect((await readRun(place.path('run'))).episodes).toHaveLength(1)
    const lines = (await readFile(place.path('run/episodes.jsonl'), 'utf8')).split('\n')
    expect(lines.map((line) => line.length > 40)).toEqual([true, false])
    expect(lines[1]).toHaveLength(40)
  })
})

describe('going on after a kill [RR-9]', () => {
  it('repairs a line torn at any byte, and ends with the same log [OE-16]', async () => {
    await using place = await scratch()
    const whole = await writeRun(place.path('whole'))
    const secondEnd = whole.indexOf(10, whole.indexOf(10) + 1) + 1
    // Every byte of both ends of the line, and every thirteenth between them.
    const cuts = Array.from({ length: whole.length - secondEnd + 1 }, (_, at) => secondEnd + at).filter(
      (cut, at) => at < 40 || whole.length - cut < 40 || at % 13 === 0,
    )
    await mkdir(place.path('torn'))
    for (const cut of cuts) {
      await copyFile(place.path('whole/manifest.json'), place.path('torn/manifest.json'))
      await writeFile(place.path('torn/episodes.jsonl'), whole.subarray(0, cut))
      const seen: number[] = []
      const writer = await RunWriter.resume(place.path('torn'), sampleManifest(), ({ repeat }) =>
        seen.push(repeat),
      )
      // All of the line but its newline is a whole record: nothing of it is lost, and nothing is written twice.
      const kept = cut >= whole.length - 1
      expect([cut, seen]).toEqual([cut, kept ? [0, 1, 2] : [0, 1]])
      if (!kept) await writer.append(sampleRecord(2))
      await writer.close()
      expect((await readFile(place.path('torn/episodes.jsonl'))).equals(whole)).toBe(true)
    }
  })

  it('reads a run with a torn line without changing it', async () => {
    await using place = await scratch()
    const whole = await writeRun(place.path('run'))
    await truncate(place.path('run/episodes.jsonl'), whole.length - 5)
    expect((await readRun(place.path('run'))).episodes).toHaveLength(2)
    expect(await readFile(place.path('run/episodes.jsonl'))).toHaveLength(whole.length - 5)
  })

  it('names the line where the chain is broken elsewhere, and repairs nothing', async () => {
    await using place = await scratch()
    const whole = await writeRun(place.path('run'))
    const changed = Buffer.from(whole)
    const at = whole.indexOf('"repeat":1')
    changed.write('"repeat":8', at)
    await writeFile(place.path('run/episodes.jsonl'), changed)
    const message = /episodes\.jsonl, line 2: hash is not as it was written/
    await expect(readRun(place.path('run'))).rejects.toMatchObject({
      code: 'BROKEN_RUN',
      message: expect.stringMatching(message) as string,
    })
    await expect(RunWriter.resume(place.path('run'), sampleManifest(), () => undefined)).rejects.toThrow(
      message,
    )
    expect((await readFile(place.path('run/episodes.jsonl'))).equals(changed)).toBe(true)
  })

  it('finds any one byte changed, put in or taken out of a finished run', async () => {
    await using place = await scratch()
    const whole = await writeRun(place.path('run'), true)
    const path = place.path('run/episodes.jsonl')
    const edit = fc.record({
      at: fc.nat(whole.length - 1),
      byte: fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from(' \n\r\t{}[]",:019.eE\\u'))),
      kind: fc.constantFrom('change' as const, 'insert' as const, 'remove' as const),
    })
    await fc.assert(
      fc.asyncProperty(edit, async ({ at, byte, kind }) => {
        const [before, after] = [whole.subarray(0, at), whole.subarray(kind === 'insert' ? at : at + 1)]
        const edited = Buffer.concat([before, kind === 'remove' ? Buffer.alloc(0) : Buffer.of(byte), after])
        // The newline at the very end is proved by replay; a reader can do without.
        fc.pre(!edited.equals(whole) && !(kind === 'remove' && at === whole.length - 1))
        await writeFile(path, edited)
        await expect(readRun(place.path('run'))).rejects.toMatchObject({ code: 'BROKEN_RUN' })
      }),
      { numRuns: 400 },
    )
  })

  it('finds a last line that is gone from a finished run', async () => {
    await using place = await scratch()
    const whole = await writeRun(place.path('run'), true)
    await truncate(place.path('run/episodes.jsonl'), whole.lastIndexOf(10, whole.length - 2) + 1)
    await expect(readRun(place.path('run'))).rejects.toThrow(/has 2 episodes .*manifest says 3/)
  })
})

describe('folders', () => {
  it('refuses one that exists, and one without a run', async () => {
    await using place = await scratch()
    await expect(RunWriter.create(place.dir, sampleManifest())).rejects.toMatchObject({ code: 'OUT_EXISTS' })
    await writeFile(place.path('novel.txt'), 'Call me Ishmael.')
    await expect(RunWriter.resume(place.dir, sampleManifest(), () => undefined)).rejects.toMatchObject({
      code: 'NO_RUN',
    })
    await expect(readRun(place.path('nowhere'))).rejects.toMatchObject({ code: 'NO_RUN' })
  })

  it('starts in a folder whose process was killed before it wrote anything', async () => {
    await using place = await scratch()
    await mkdir(place.path('run'))
    await writeFile(place.path('run/manifest.json.new'), '{"half')
    const writer = await RunWriter.resume(place.path('run'), sampleManifest(), () => undefined)
    await writer.append(sampleRecord(0))
    await writer.close()
    expect((await readRun(place.path('run'))).episodes).toHaveLength(1)
  })

  it('names the field of a manifest that is not as it was written', async () => {
    await using place = await scratch()
    await writeRun(place.path('run'))
    await writeFile(
      place.path('run/manifest.json'),
      JSON.stringify({ ...sampleManifest(), schema_version: 2 }),
    )
    await expect(readRun(place.path('run'))).rejects.toThrow(/manifest\.json: schema_version/)
  })
})
