import { z } from 'zod'

/**
 * Makes the objects of a schema refuse unknown keys, at every depth, unless they say themselves what happens to them.
 *
 * `z.object` drops unknown keys in silence; an agent that misspells a field should be told [OE-3]. What refers to itself
 * is left as it is.
 */
export function refuseUnknownKeys<T extends z.ZodType>(schema: T): T {
  return strict(schema, []) as T
}

/** @param around - The objects that this schema is part of. */
function strict(schema: z.ZodType, around: readonly z.ZodType[]): z.ZodType {
  if (around.includes(schema)) return schema
  const def = schema.def as z.core.$ZodTypeDef & Readonly<Record<string, unknown>>
  switch (def.type) {
    case 'object':
      return strictObject(schema as z.ZodObject, [...around, schema])
    case 'union': {
      const options = def['options'] as readonly z.ZodType[]
      return changed(
        schema,
        'options',
        options,
        options.map((option) => strict(option, around)),
      )
    }
    case 'array':
      return changedOne(schema, 'element', around)
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
    case 'nonoptional':
      return changedOne(schema, 'innerType', around)
    default:
      return schema
  }
}

function strictObject(schema: z.ZodObject, around: readonly z.ZodType[]): z.ZodType {
  const before = Object.entries<z.ZodType>(schema.def.shape)
  const after = before.map(([key, field]) => [key, strict(field, around)] as const)
  const sameFields = before.every(([, field], at) => field === after[at]?.[1])
  if (sameFields && schema.def.catchall !== undefined) return schema
  const made = { shape: Object.fromEntries(after), catchall: schema.def.catchall ?? z.never() }
  return described(schema, schema.clone({ ...schema.def, ...made }))
}

function changedOne(schema: z.ZodType, key: string, around: readonly z.ZodType[]): z.ZodType {
  const inner = (schema.def as unknown as Readonly<Record<string, z.ZodType>>)[key]
  return inner === undefined ? schema : changed(schema, key, inner, strict(inner, around))
}

function changed(schema: z.ZodType, key: string, before: unknown, after: unknown): z.ZodType {
  const same =
    Array.isArray(before) && Array.isArray(after)
      ? before.every((each, at) => each === after[at])
      : before === after
  return same ? schema : described(schema, schema.clone({ ...schema.def, [key]: after }))
}

/** A clone has no description of its own. */
function described(from: z.ZodType, to: z.ZodType): z.ZodType {
  const meta = z.globalRegistry.get(from)
  if (meta === undefined) return to
  const { id: _unique, ...rest } = meta
  return to.meta(rest)
}

/** Kinds of schema that change a value or hide a fault, by what to say about them. */
const CHANGING: Readonly<Record<string, string>> = {
  transform: 'transforms a value',
  // A transform is written as a pipe from one schema to another.
  pipe: 'transforms a value',
  catch: 'hides a fault behind another value',
  codec: 'decodes a value',
}

/**
 * Refuses schemas that change what was sent: what an agent reads in the JSON Schema must be what counts [OE-3].
 *
 * @throws TypeError naming the field.
 */
export function refuseTransforms(schema: z.ZodType, what: string): void {
  visit(schema, [], new Set(), (def, path) => {
    const why = def['coerce'] === true ? 'makes a value of the type that it should have' : CHANGING[def.type]
    if (why === undefined) return
    const place = path.length === 0 ? '' : ` at ${path.join('.')}`
    throw new TypeError(
      `The ${what} schema ${why}${place}, which its JSON Schema cannot say. Use plain JSON types there.`,
    )
  })
}

type Def = z.core.$ZodTypeDef & Readonly<Record<string, unknown>>

function visit(
  schema: unknown,
  path: readonly string[],
  seen: Set<unknown>,
  look: (def: Def, path: readonly string[]) => void,
): void {
  if (!(schema instanceof z.ZodType) || seen.has(schema)) return
  seen.add(schema)
  const def = schema.def as Def
  look(def, path)
  const inside = (value: unknown, ...more: readonly string[]): void => {
    visit(value, [...path, ...more], seen, look)
  }
  for (const [key, value] of Object.entries(def)) {
    if (key === 'shape') for (const [name, field] of Object.entries(value as object)) inside(field, name)
    else if (key === 'getter') inside((value as () => unknown)())
    else if (Array.isArray(value)) for (const each of value) inside(each)
    else inside(value)
  }
}
