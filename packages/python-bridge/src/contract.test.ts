import { describe, expect, it } from 'vitest'
import { checked, Count, GroupScores, Loaded, Opened, Outcome, Rows } from './contract.ts'

const outcome = {
  content: [{ type: 'text', text: 'hello' }],
  data: null,
  reward: 0.5,
  finished: false,
  truncated: false,
  failure: null,
  scoring_errors: [],
}
const tool = {
  name: 'act',
  description: 'Acts.',
  input_schema: { type: 'object' },
  final: false,
  terminal: false,
}
const opened = { messages: [], tools: [tool], shown_tools: [] }
const description = {
  library: 'l',
  splits: [{ name: 'a', type: 'train' }],
  tools: [tool],
  group_scoring: false,
  notes: [],
}

describe('what Python answers', () => {
  it.each([
    ['call', Outcome, outcome],
    ['open', Opened, opened],
    ['load', Loaded, { description }],
    ['count', Count, 3],
    ['rows', Rows, [{ question: '?' }]],
    ['score_group', GroupScores, [{ reward: 1, metadata: null }]],
  ])('is taken as it is: %s', (doing, schema, answer) => {
    expect(checked<unknown>(schema, doing, answer)).toEqual(answer)
  })

  it.each([
    ['call', Outcome, null],
    ['call', Outcome, { ...outcome, reward: 'high' }],
    ['call', Outcome, { ...outcome, reward: Infinity }],
    ['call', Outcome, { ...outcome, content: 5 }],
    ['call', Outcome, { ...outcome, failure: { kind: 'odd', message: '' } }],
    ['open', Opened, { ...opened, messages: null }],
    ['open', Opened, { ...opened, tools: [{ name: 'act' }] }],
    ['load', Loaded, {}],
    ['count', Count, -1],
    ['count', Count, 1e400],
    ['rows', Rows, ['a row']],
    ['score_group', GroupScores, [{ reward: null, metadata: null }]],
  ])('fails its call where it breaks the contract: %s', (doing, schema, answer) => {
    expect(() => checked<unknown>(schema, doing, answer)).toThrow(
      expect.objectContaining({ code: 'EXECUTION_ERROR', message: expect.stringContaining(doing) as string }),
    )
  })
})
