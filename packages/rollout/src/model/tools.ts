import { isObject, type JsonSchema } from '@openenv-ts/core'

/** A tool that stands for actions, or for some of them. */
export interface ActionTool {
  /** 1 to 64 of `A-Za-z0-9_-`, unlike all others. */
  readonly name: string
  readonly description: string
  /** JSON Schema of the arguments: always an object schema. */
  readonly parameters: JsonSchema
  /** The action that a call with these arguments means. */
  actionOf(args: Readonly<Record<string, unknown>>): unknown
}

/**
 * The tools that an action schema comes to: one per literal of a discriminated union, the discriminator removed;
 * otherwise one, `act`. Pure.
 */
export function toolsOf(schema: JsonSchema): readonly ActionTool[] {
  const union = discriminated(schema)
  if (union === undefined) return [single(schema)]
  const taken = new Set<string>()
  return union.branches.map(({ literal, schema: branch }) => {
    const name = toolName(literal, taken)
    const { [union.key]: _literal, ...properties } = branch['properties'] as Record<string, unknown>
    const required = listOf(branch['required']).filter((key) => key !== union.key)
    const parameters = { ...branch, ...definitionsOf(schema), properties, required }
    return {
      name,
      description: textOf(branch['description'], `The action ${literal}.`),
      parameters,
      actionOf: (args) => ({ [union.key]: literal, ...args }),
    }
  })
}

function single(schema: JsonSchema): ActionTool {
  const description = textOf(schema['description'], 'Acts in the environment.')
  if (schema['type'] === 'object') {
    return { name: 'act', description, parameters: schema, actionOf: (args) => args }
  }
  // Tools take objects; any other schema becomes the one field of one.
  const parameters = {
    type: 'object',
    properties: { action: schema },
    required: ['action'],
    additionalProperties: false,
    ...definitionsOf(schema),
  }
  return {
    name: 'act',
    description,
    parameters,
    actionOf: (args) => (Object.hasOwn(args, 'action') ? args['action'] : args),
  }
}

interface Branch {
  readonly literal: string
  readonly schema: JsonSchema
}

/** Reads a union of objects that one property, a different text in each, tells apart. */
function discriminated(
  schema: JsonSchema,
): { readonly key: string; readonly branches: readonly Branch[] } | undefined {
  const options = schema['oneOf'] ?? schema['anyOf']
  if (!Array.isArray(options) || options.length === 0 || !options.every(isObjectSchema)) return undefined
  const [first] = options
  for (const key of Object.keys(first?.properties ?? {})) {
    const branches = options.map((option) => ({ literal: literalOf(option.properties[key]), schema: option }))
    const literals = new Set(branches.map(({ literal }) => literal))
    if (literals.has(undefined) || literals.size !== branches.length) continue
    return { key, branches: branches as readonly Branch[] }
  }
  return undefined
}

type ObjectSchema = JsonSchema & { readonly properties: Readonly<Record<string, unknown>> }

function isObjectSchema(value: unknown): value is ObjectSchema {
  return isObject(value) && value['type'] === 'object' && isObject(value['properties'])
}

function literalOf(property: unknown): string | undefined {
  return isObject(property) && typeof property['const'] === 'string' ? property['const'] : undefined
}

/** A literal as a tool's name: what names cannot hold becomes `_`, and a number keeps equal ones apart. */
function toolName(literal: string, taken: Set<string>): string {
  const plain = literal.replaceAll(/[^\w-]/g, '_').slice(0, 60) || 'act'
  let name = plain
  for (let count = 2; taken.has(name); count += 1) name = `${plain}_${String(count)}`
  taken.add(name)
  return name
}

function definitionsOf(schema: JsonSchema): JsonSchema {
  return schema['$defs'] === undefined ? {} : { $defs: schema['$defs'] }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise
}
