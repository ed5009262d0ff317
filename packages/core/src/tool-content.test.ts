import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineToolEnvironment } from './tool-environment.ts'
import type { Progress } from './episode.ts'
import { openLocal } from './local.ts'
import { content } from './tool-content.ts'
import { agentTools } from './agent-tools.ts'

const PIXEL = 'iVBORw0KGgo='

const gallery = defineToolEnvironment({
  name: 'gallery',
  open: () => ({ looks: 0 }),
  tools: {
    look: {
      description: 'Looks at one of everything.',
      input: z.strictObject({}),
      run: (world) => {
        world.looks += 1
        return content(
          [
            { type: 'text', text: 'A picture.' },
            { type: 'image', data: PIXEL, mimeType: 'image/png' },
            { type: 'audio', data: PIXEL, mimeType: 'audio/wav' },
            { type: 'resource', resource: { uri: 'gallery://label', mimeType: 'text/plain', text: 'Label' } },
            { type: 'resource', resource: { uri: 'gallery://frame', blob: PIXEL } },
          ],
          { looks: world.looks },
        )
      },
    },
    glance: {
      description: 'Looks at a picture and says nothing.',
      input: z.strictObject({}),
      run: () => content([{ type: 'image', data: PIXEL, mimeType: 'image/png' }]),
    },
    walk: {
      description: 'Walks through the rooms.',
      input: z.strictObject({ rooms: z.int() }),
      run: async (_world, { rooms }, { progress }) => {
        for (let room = 1; room <= rooms; room += 1) {
          await Promise.resolve()
          progress({ progress: room, total: rooms, message: `Room ${String(room)}` })
        }
        return rooms
      },
    },
  },
  rubric: { none: () => 0 },
})

describe('content', () => {
  it('shows pieces of every kind, in order, with the value beside them', async () => {
    await using episode = openLocal(gallery)
    await episode.reset()
    const result = await agentTools(episode, gallery).callTool('look', {})
    expect(result.content.map(({ type }) => type)).toEqual(['text', 'image', 'audio', 'resource', 'resource'])
    expect(result).toMatchObject({ data: { looks: 1 }, structuredContent: { looks: 1 }, isError: false })
  })

  it('may have no value', async () => {
    await using episode = openLocal(gallery)
    await episode.reset()
    const result = await agentTools(episode, gallery).callTool('glance', {})
    expect(result.data).toBeNull()
    expect(result).not.toHaveProperty('structuredContent')
  })

  it('stands in the observation as its schema says', async () => {
    await using episode = openLocal(gallery)
    await episode.reset()
    const { observation } = await episode.step({ tool_name: 'look', arguments: {} })
    expect(gallery.observation.safeParse(JSON.parse(JSON.stringify(observation))).success).toBe(true)
  })
})

describe('progress', () => {
  it('reaches whoever calls the tool, and is no part of the reply', async () => {
    await using episode = openLocal(gallery)
    await episode.reset()
    const heard: Progress[] = []
    const onProgress = (progress: Progress) => heard.push(progress)
    const result = await agentTools(episode, gallery).callTool('walk', { rooms: 3 }, { onProgress })
    expect(heard).toEqual(
      [1, 2, 3].map((room) => ({ progress: room, total: 3, message: `Room ${String(room)}` })),
    )
    expect(result.data).toBe(3)
  })

  it('may be told to nobody', async () => {
    await using episode = openLocal(gallery)
    await episode.reset()
    expect(await agentTools(episode, gallery).callTool('walk', { rooms: 2 })).toMatchObject({ data: 2 })
  })
})
