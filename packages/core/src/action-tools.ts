import { isObject, type JsonSchema } from './json.ts'
import { RESERVED_TOOL_NAMES, type Tool } from './tool.ts'

/** A tool that stands for actions, or for one kind of them. */
export interface ActionTool extends Tool {
  /**
   * The action that a call with these arguments means. What the tool's name says wins over the arguments: a call of `say`
   * is never another kind of action.
   */
  readonly actionOf: (args: Readonly<Record<string, unknown>>) => unknown
}

/** The name of the tool of actions that are all of one kind. */
const ACT = 'act'
const MAX_NAME_CHARACTERS = 64

/**
 * The tools that an action schema comes to [OE-20], the one derivation for models, MCP and Open Reward Standard:
 *
 * - of tool calls, each tool with its own arguments;
 * - of a union that one field tells apart by texts, a tool for each text, the field removed;
 * - of anything else, one tool, `act`; a schema that is not one object becomes its one argument, `action`.
 *
 * Pure. Names have 1 to 64 of `A-Za-z0-9_-` and differ from each other and from {@link RESERVED_TOOL_NAMES}.
 *
 * @param schema - JSON Schema of the action as sent, here or from a server.
 */
export function actionTools(schema: JsonSchema): readonly ActionTool[] {
  return toolCalls(schema) ?? kindsOfUnion(schema) ?? [single(schema)]
}

/** Tools that the schema of tool calls lists, one a branch. */
function toolCalls(schema: JsonSchema): readonly ActionTool[] | undefined {
  const branches = branchesOf(schema)
  if (branches === undefined) return undefined
  const tools: ActionTool[] = []
  for (const { properties, description } of branches) {
    const name = constantOf(properties['tool_name'])
    const input = properties['arguments']
    if (name === undefined || !isObject(input) || input['type'] !== 'object') return undefined
    if (Object.keys(properties).some((key) => !CALL_KEYS.has(key))) return undefined
    tools.push({
      name,
      description: description ?? `The tool ${name}.`,
      inputSchema: { ...input, ...definitionsOf(schema) },
      actionOf: (args) => ({ type: 'call_tool', tool_name: name, arguments: args }),
    })
  }
  return tools.length > 0 && new Set(tools.map(({ name }) => name)).size === tools.length ? tools : undefined
}

/** What a tool call may have; Python's clients add `metadata`. */
const CALL_KEYS = new Set(['type', 'tool_name', 'arguments', 'metadata'])

function kindsOfUnion(schema: JsonSchema): readonly ActionTool[] | undefined {
  const branches = branchesOf(schema)
  const [first] = branches ?? []
  if (branches === undefined || first === undefined) return undefined
  const key = Object.keys(first.properties).find((candidate) => {
    const values = branches.map(({ properties }) => constantOf(properties[candidate]))
    return values.every((value) => value !== undefined) && new Set(values).size === values.length
  })
  if (key === undefined) return undefined
  const taken = new Set(RESERVED_TOOL_NAMES)
  return branches.map(({ branch, properties: all, description }) => {
    const { [key]: fixed, ...properties } = all
    const value = constantOf(fixed) ?? ''
    const { description: _shown, ...rest } = branch
    const required = Array.isArray(branch['required'])
      ? branch['required'].filter((name) => name !== key)
      : []
    return {
      name: toolName(value, taken),
      description: description ?? `The action ${value}.`,
      inputSchema: { ...rest, ...definitionsOf(schema), properties, required },
      actionOf: (args) => ({ ...args, [key]: value }),
    }
  })
}

function single(schema: JsonSchema): ActionTool {
  const { description } = schema
  const about =
    typeof description === 'string' && description !== '' ? description : 'Acts in the environment.'
  const tool = { name: ACT, description: about }
  if (schema['type'] === 'object') return { ...tool, inputSchema: schema, actionOf: (args) => args }
  // Models' endpoints refuse a union as the arguments themselves; a call without the field around them is taken too.
  const inputSchema = {
    type: 'object',
    properties: { action: schema },
    required: ['action'],
    additionalProperties: false,
    ...definitionsOf(schema),
  }
  return {
    ...tool,
    inputSchema,
    actionOf: (args) => (Object.hasOwn(args, 'action') ? args['action'] : args),
  }
}

interface Branch {
  readonly branch: JsonSchema
  readonly properties: Readonly<Record<string, unknown>>
  readonly description: string | undefined
}

/** The branches of a union of objects; undefined for anything else. */
function branchesOf(schema: JsonSchema): readonly Branch[] | undefined {
  const options = schema['oneOf'] ?? schema['anyOf']
  if (!Array.isArray(options) || options.length === 0) return undefined
  const branches: Branch[] = []
  for (const branch of options as readonly unknown[]) {
    if (!isObject(branch) || branch['type'] !== 'object' || !isObject(branch['properties'])) return undefined
    const { properties, description } = branch
    const told = typeof description === 'string' && description !== '' ? description : undefined
    branches.push({ branch, properties, description: told })
  }
  return branches
}

function constantOf(property: unknown): string | undefined {
  return isObject(property) && typeof property['const'] === 'string' ? property['const'] : undefined
}

/** A text as a tool's name: what names cannot hold becomes `_`, and a number keeps equal ones apart. */
function toolName(text: string, taken: Set<string>): string {
  const plain = text.replaceAll(/[^\w-]/g, '_').slice(0, MAX_NAME_CHARACTERS - 4) || ACT
  let name = plain
  for (let count = 2; taken.has(name); count += 1) name = `${plain}_${String(count)}`
  taken.add(name)
  return name
}

function definitionsOf(schema: JsonSchema): JsonSchema {
  return schema['$defs'] === undefined ? {} : { $defs: schema['$defs'] }
}
