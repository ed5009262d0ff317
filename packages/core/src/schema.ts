import { z } from 'zod'
import type { JsonSchema } from './json.ts'

/** Which form of a schema is meant: what may be sent, or what comes out. They differ where there are defaults. */
export type SchemaSide = 'input' | 'output'

/**
 * The JSON Schema of a zod schema, draft 2020-12.
 *
 * @throws TypeError when the schema has no JSON Schema (transforms, dates, functions), naming `what`.
 */
export function toJsonSchema(schema: z.ZodType, side: SchemaSide, what: string): JsonSchema {
  try {
    const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: side }) as Record<string, unknown>
    return rest
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TypeError(`The ${what} schema has no JSON Schema: ${reason}. Use plain JSON types there.`, {
      cause,
    })
  }
}

/** The names that an object schema, or every branch of a union of them, declares. */
export function declaredKeys(schema: z.ZodType): ReadonlySet<string> {
  if (schema instanceof z.ZodObject) return new Set(Object.keys(schema.shape))
  if (schema instanceof z.ZodUnion) {
    const options = schema.options as readonly z.ZodType[]
    return new Set(options.flatMap((option) => [...declaredKeys(option)]))
  }
  return new Set()
}
