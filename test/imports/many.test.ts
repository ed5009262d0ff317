import { readdirSync, readFileSync } from 'node:fs'
import { connect } from '@openenv-ts/client'
import { describe, expect, it } from 'vitest'
import { importSource, serveImported } from './imported.ts'

const SESSIONS = 64
const MOST_BYTES = 2e9
const LISTENING = /^Listening on (http:\/\/\S+)\n/m
/** A source whose state is with the episode, one for each way that there is to be one [IM-13]. */
const SOURCES = ['warehouse', 'number-quest', 'city-facts'] as const
const CALL = {
  warehouse: { tool_name: 'move', arguments: { crate: 'apples', to: 'dock' } },
  'number-quest': { tool_name: 'submit', arguments: { completion: '50' } },
  'city-facts': { tool_name: 'submit', arguments: { completion: 'Who knows?' } },
}

describe.each(SOURCES)('64 sessions of %s at a time', (source) => {
  it('finish without an error, in at most 2 GB for all of its processes', async () => {
    const name = `many-${source}`
    expect((await importSource(`fixtures/${source}`, name)).code).toBe(0)
    await using server = serveImported([name])
    const [, url = ''] = await server.shows(LISTENING)
    const episodes = await Promise.all(Array.from({ length: SESSIONS }, () => connect(url)))
    const replies = await Promise.all(
      episodes.map(async (episode, index) => {
        await episode.reset({ split: 'train', index: index % 12 })
        return episode.step(CALL[source])
      }),
    )
    const bytes = residentBytes(server.pid)
    await Promise.all(episodes.map((episode) => episode.close()))
    expect(replies.map(({ observation }) => (observation as { error: unknown }).error)).toEqual(
      Array.from({ length: SESSIONS }, () => null),
    )
    expect(bytes).toBeGreaterThan(50e6)
    expect(bytes).toBeLessThan(MOST_BYTES)
    console.log(
      `${source}: ${(bytes / 1e6).toFixed(0)} MB for the server and its Python, with ${String(SESSIONS)} sessions open`,
    )
  })
})

/** What a process and all below it hold in memory; pages that several share count once for each. */
function residentBytes(root: number): number {
  const parents = new Map<number, number>()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // It has ended meanwhile.
    }
  }
  const below = new Set([root])
  for (let grown = true; grown;) {
    grown = false
    for (const [pid, parent] of parents) {
      if (below.has(parent) && !below.has(pid)) {
        below.add(pid)
        grown = true
      }
    }
  }
  return [...below].reduce((sum, pid) => sum + residentOf(pid), 0)
}

function residentOf(pid: number): number {
  try {
    return (
      Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? 0) * 1024
    )
  } catch {
    return 0
  }
}
