import type { JsonSchema } from '@openenv-ts/core'
import type { ActionTool } from '@openenv-ts/core/host'
import { canonicalJson } from '../canonical-json.ts'

/**
 * What a model is told once, before the first observation. Pure.
 *
 * The schema stands in it also where tools are offered: an endpoint may take tools and never show them to the model.
 */
export function instructions(description: string, schema: JsonSchema, tools: readonly ActionTool[]): string {
  const names = tools.map(({ name }) => name).join(', ')
  const [only] = tools
  const shown = tools.length === 1 && only !== undefined ? only.inputSchema : schema
  return [
    ...(description === '' ? [] : [description, '']),
    'You act in this environment, one action at a time. Each message shows you an observation as JSON.',
    `Answer with exactly one action: a call of one tool (${names}).`,
    'Without tools, answer with the action alone, as one JSON object that this JSON Schema accepts:',
    canonicalJson(shown),
  ].join('\n')
}
