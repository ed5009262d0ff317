import { isObject } from '@openenv-ts/core/host'
import { Label, type TriageAction } from './models.ts'

/** Longer answers are cut: what comes after is no action. */
const MAX_CHARACTERS = 20_000
/** Texts in braces that are tried as JSON, at most. */
const MAX_OBJECTS = 50

const LABEL_NAMES = new Set(['label', 'category', 'class', 'classification', 'priority'])
const ROUTE_NAMES = new Set(['routeto', 'route', 'routing', 'team', 'destination', 'department', 'forwardto'])
const SUMMARY_NAMES = new Set(['summary', 'note', 'reason', 'description'])

/**
 * Reads an action from what a model wrote: JSON, alone, in a code fence or amid prose; `label=urgent, route=safety`;
 * lines such as `Label: urgent`; with or without a prefix such as "Next action:".
 *
 * Never throws, whatever the text.
 *
 * @returns Null when the text names no label. A route or a summary that is missing is the empty text.
 */
export function parseAction(text: string): TriageAction | null {
  const answer = text.slice(0, MAX_CHARACTERS).replace(/<think>[\s\S]*?(?:<\/think>|$)/gi, '')
  return fromJson(answer) ?? fromPairs(answer)
}

function fromJson(text: string): TriageAction | null {
  let tried = 0
  for (
    let start = text.indexOf('{');
    start !== -1 && tried < MAX_OBJECTS;
    start = text.indexOf('{', start + 1)
  ) {
    tried += 1
    const end = endOfObject(text, start)
    if (end === -1) continue
    const action = fromValue(parsed(text.slice(start, end)))
    if (action !== null) return action
  }
  return null
}

/** Where the object that opens at `start` has closed; -1 when it never does. */
function endOfObject(text: string, start: number): number {
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
      if (depth === 0) return at + 1
    }
  }
  return -1
}

function parsed(text: string): unknown {
  for (const form of [text, text.replace(/,\s*}/g, '}').replace(/[\n\r\t]/g, ' ')]) {
    try {
      return JSON.parse(form) as unknown
    } catch {
      // Models leave trailing commas and raw line breaks; the second form is without them.
    }
  }
  return null
}

/** An action from a JSON value: the object itself, or one inside, as in `{"action": {…}}`. */
function fromValue(value: unknown): TriageAction | null {
  if (!isObject(value)) return null
  const fields = Object.entries(value).map(([name, field]) => ({ name: plain(name), field }))
  const find = (names: ReadonlySet<string>): string | undefined => {
    const found = fields.find(({ name, field }) => names.has(name) && typeof field === 'string')
    return found?.field as string | undefined
  }
  const action = actionOf(find(LABEL_NAMES), find(ROUTE_NAMES), find(SUMMARY_NAMES))
  if (action !== null) return action
  for (const { field } of fields) {
    const inner = isObject(field) ? fromValue(field) : null
    if (inner !== null) return inner
  }
  return null
}

/** A known name that is a word of its own, whatever stands in front of it. Longer spellings come first. */
const NAME =
  'label|category|classification|class|priority|route[ _-]?to|route|routing|team|destination|department|forward[ _-]?to|summary|note|reason|description'
const PAIR = new RegExp(`(?<![a-z0-9])(${NAME})[\"'\`*_]{0,4}\\s{0,4}[=:]\\s{0,9}`, 'gi')

/** An action from `name=value` or `name: value`; a value goes on to the next name that is known. */
function fromPairs(text: string): TriageAction | null {
  const marks = [...text.matchAll(PAIR)].flatMap((match) => {
    const name = plain(match[1] ?? '')
    const known = [LABEL_NAMES, ROUTE_NAMES, SUMMARY_NAMES].some((names) => names.has(name))
    return known ? [{ name, from: match.index, value: match.index + match[0].length }] : []
  })
  const found = (names: ReadonlySet<string>, isValue: (value: string) => boolean): string | undefined => {
    const values = marks.flatMap(({ name, value }, index) =>
      names.has(name) ? [bare(text.slice(value, marks[index + 1]?.from))] : [],
    )
    return values.find(isValue)
  }
  // In "priority: see below. label=urgent" the first name has no label behind it.
  const isLabel = (value: string): boolean => labelIn(value) !== null
  const isSomething = (value: string): boolean => value !== ''
  return actionOf(
    found(LABEL_NAMES, isLabel),
    found(ROUTE_NAMES, isSomething),
    found(SUMMARY_NAMES, isSomething),
  )
}

function actionOf(
  label: string | undefined,
  route: string | undefined,
  summary: string | undefined,
): TriageAction | null {
  const named = labelIn(label ?? '')
  if (named === null) return null
  const route_to = /[a-z0-9]+(?:[-_][a-z0-9]+)*/i.exec(route ?? '')?.[0].toLowerCase() ?? ''
  return { label: named, route_to, summary: (summary ?? '').trim() }
}

/** The label that is the first word of a value. */
function labelIn(value: string): Label | null {
  return Label.safeParse(/[a-z]+/i.exec(value)?.[0].toLowerCase()).data ?? null
}

/** A field's name without what models vary: `Route to`, `route_to` and `routeTo` agree. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, '')
}

/** A value without the quotes, stars and commas around it. */
function bare(value: string): string {
  return value.replace(/^[\s"'`*_]+|[\s"'`*_,;|)}]+$/g, '')
}
