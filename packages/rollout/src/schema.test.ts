import { readFile, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { addsUp, scratch, sums } from '../test/environments.ts'
import { sampleManifest, sampleRecord } from '../test/records.ts'
import { chained } from './chain.ts'
import { randomPolicy } from './policies/scripted.ts'
import { EpisodeRecord, Manifest } from './record.ts'
import { rollout } from './rollout.ts'

const PUBLISHED = [
  { name: 'episode-1', title: 'A line of episodes.jsonl, version 1', schema: EpisodeRecord },
  { name: 'manifest-1', title: 'manifest.json of a run, version 1', schema: Manifest },
]

const file = (name: string): URL => new URL(`../schema/${name}.json`, import.meta.url)

/** The published schema, read by nothing of ours but its file. */
async function published(name: string): Promise<z.ZodType> {
  return z.fromJSONSchema(JSON.parse(await readFile(file(name), 'utf8')) as z.core.JSONSchema.JSONSchema)
}

describe('the published JSON Schemas [OE-16] [RR-12]', () => {
  it.each(PUBLISHED)(
    '$name.json is what the code writes and reads (UPDATE_SCHEMAS=1 writes it)',
    async ({ name, title, schema }) => {
      const made: unknown = JSON.parse(JSON.stringify({ title, ...z.toJSONSchema(schema) }))
      if (process.env['UPDATE_SCHEMAS'] !== undefined)
        await writeFile(file(name), JSON.stringify(made, null, 2))
      expect(JSON.parse(await readFile(file(name), 'utf8'))).toEqual(made)
    },
  )

  it('accept every line and manifest that a rollout writes', async () => {
    await using place = await scratch()
    const [line, manifest] = [await published('episode-1'), await published('manifest-1')]
    const throws = (): never => {
      throw new Error('no')
    }
    const runs = { good: addsUp, random: randomPolicy(), failing: throws } as const
    for (const [name, policy] of Object.entries(runs)) {
      await rollout(sums, policy, { out: place.path(name), repeats: 2 })
      const log = (await readFile(place.path(`${name}/episodes.jsonl`), 'utf8')).trimEnd().split('\n')
      for (const text of log) expect(line.safeParse(JSON.parse(text))).toMatchObject({ success: true })
      const written: unknown = JSON.parse(await readFile(place.path(`${name}/manifest.json`), 'utf8'))
      expect(manifest.safeParse(written)).toMatchObject({ success: true })
    }
    expect(manifest.safeParse(sampleManifest())).toMatchObject({ success: true })
  })

  it.each<[string, object]>([
    ['a field too many', { extra: 1 }],
    ['an outcome that is never written', { outcome: 'cancelled' }],
    ['another version', { schema_version: 2 }],
    ['a hash in capitals', { hash: 'A'.repeat(64) }],
    ['a score that is text', { score: '1' }],
  ])('refuse %s', async (_what, change) => {
    const record = chained(sampleRecord(0), null)
    const line = await published('episode-1')
    expect(line.safeParse(record).success).toBe(true)
    expect(line.safeParse({ ...record, ...change }).success).toBe(false)
    expect(EpisodeRecord.safeParse({ ...record, ...change }).success).toBe(false)
  })
})
