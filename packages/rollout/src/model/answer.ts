import { isObject, type ActionTool } from '@openenv-ts/core/host'

/** Attempts at reading an object out of prose: text of nothing but braces must not take forever. */
const MAX_ATTEMPTS = 64
/** Of a text without an action, so much is passed on. */
const MAX_CHARACTERS = 4000

/**
 * What stands for an answer that holds no action: an object that no strict schema accepts, so that the environment
 * treats it as the agent's mistake [OE-15].
 */
export function unusable(text: string): Readonly<Record<string, string>> {
  return { unparsed_text: text.slice(0, MAX_CHARACTERS) }
}

/**
 * Reads the action out of a model's text: a JSON object, alone, in a code fence or in prose. The last one counts:
 * models think first and answer then.
 */
export function actionFromText(text: string, tools: readonly ActionTool[]): unknown {
  const found = lastObject(afterThinking(text))
  if (found === undefined) return unusable(text)
  return writtenCall(found, tools) ?? flatCall(found, tools) ?? plainAction(found, tools)
}

/** Reads the action out of a tool call; undefined when there is no such tool, or the arguments are no object. */
export function actionFromCall(name: string, args: string, tools: readonly ActionTool[]): unknown {
  const tool = tools.find((candidate) => candidate.name === name)
  const parsed = args.trim() === '' ? {} : parseObject(args)
  return tool === undefined || parsed === undefined ? undefined : tool.actionOf(parsed)
}

/** In text a union's action keeps its discriminator, so only a wrapped schema has something to unwrap. */
function plainAction(found: Readonly<Record<string, unknown>>, tools: readonly ActionTool[]): unknown {
  const [only, ...others] = tools
  // A tool call in its whole form needs no more around it.
  if (typeof found['tool_name'] === 'string' && Object.hasOwn(found, 'arguments')) return found
  return only !== undefined && others.length === 0 ? only.actionOf(found) : found
}

/** A tool call that a model wrote out as text: `{"name": …, "arguments": {…}}`. */
function writtenCall(found: Readonly<Record<string, unknown>>, tools: readonly ActionTool[]): unknown {
  const { name, arguments: args, parameters, ...rest } = found
  const given = args ?? parameters
  if (Object.keys(rest).length > 0 || !isObject(given)) return undefined
  return tools.find((tool) => tool.name === name)?.actionOf(given)
}

/** A tool call with its arguments beside the name: `{"tool_name": …, "query": …}`. */
function flatCall(found: Readonly<Record<string, unknown>>, tools: readonly ActionTool[]): unknown {
  const { tool_name: name, type, ...args } = found
  if (Object.hasOwn(args, 'arguments') || (type !== undefined && type !== 'call_tool')) return undefined
  return tools.find((tool) => tool.name === name)?.actionOf(args)
}

function afterThinking(text: string): string {
  const end = text.lastIndexOf('</think>')
  return end === -1 ? text : text.slice(end + '</think>'.length)
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function lastObject(text: string): Record<string, unknown> | undefined {
  const whole = parseObject(text)
  if (whole !== undefined) return whole
  let last: Record<string, unknown> | undefined
  let start = text.indexOf('{')
  for (let attempt = 0; start !== -1 && attempt < MAX_ATTEMPTS; attempt += 1) {
    const end = closingBrace(text, start)
    const found = end === -1 ? undefined : parseObject(text.slice(start, end + 1))
    last = found ?? last
    start = text.indexOf('{', found === undefined ? start + 1 : end + 1)
  }
  return last
}

/** Where the object that opens at `start` closes, braces inside texts aside; -1 when it does not. */
function closingBrace(text: string, start: number): number {
  let depth = 0
  let quoted = false
  for (let at = start; at < text.length; at += 1) {
    const character = text[at]
    if (quoted) {
      if (character === '\\') at += 1
      else if (character === '"') quoted = false
    } else if (character === '"') quoted = true
    else if (character === '{') depth += 1
    else if (character === '}') {
      depth -= 1
      if (depth === 0) return at
    }
  }
  return -1
}
