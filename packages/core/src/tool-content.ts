import { z } from 'zod'
import { isObject } from './json.ts'
import type { ContentBlock } from './tool.ts'

const Encoded = z.string().describe('Base64.')
const about = { uri: z.string(), mimeType: z.string().optional() }

/** A piece of what a tool answered, as it stands in an observation. */
export const Block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.string() }),
  z.strictObject({ type: z.literal('image'), data: Encoded, mimeType: z.string() }),
  z.strictObject({ type: z.literal('audio'), data: Encoded, mimeType: z.string() }),
  z.strictObject({
    type: z.literal('resource'),
    resource: z.union([
      z.strictObject({ ...about, text: z.string() }),
      z.strictObject({ ...about, blob: Encoded }),
    ]),
  }),
])
/** A piece of what a tool answered, as it stands in an observation. */
export type Block = z.infer<typeof Block>

const BRAND = Symbol.for('openenv-ts.content')

/** What a tool answers with {@link content}. */
export interface Content {
  readonly blocks: readonly ContentBlock[]
  readonly data: unknown
}

/**
 * What a tool answers when it shows more than a value: pictures, sound, documents, or several pieces.
 *
 * @param data - The value for clients that want just that; JSON.
 */
export function content(blocks: readonly ContentBlock[], data: unknown = null): Content {
  const made: Content = { blocks, data }
  // A mark and not a class: the tool may hold another installed copy of this package.
  return Object.defineProperty(made, BRAND, { value: true })
}

/** What {@link content} made; undefined for any other value. */
export function contentOf(value: unknown): Content | undefined {
  return isObject(value) && BRAND in value ? (value as unknown as Content) : undefined
}
