import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Label, TriageAction } from './models.ts'
import { parseAction } from './parse-action.ts'

const expected = { label: 'urgent', route_to: 'safety', summary: 'Gas leaks at line 3.' }
const json = JSON.stringify(expected)

describe('parseAction', () => {
  it.each([
    ['bare JSON', json],
    ['a code fence', `Here you are:\n\`\`\`json\n${json}\n\`\`\`\nAnything else?`],
    ['JSON amid prose with braces', `I think {this} is bad. Action: ${json} {"done": true}`],
    ['a prefix', `Next action: ${json}`],
    [
      'JSON over lines, with a trailing comma',
      '{\n "label": "urgent",\n "route_to": "safety",\n "summary": "Gas leaks\nat line 3.",\n}',
    ],
    [
      'other spellings of the names',
      '{"Label": "URGENT", "routeTo": "safety", "Summary": "Gas leaks at line 3."}',
    ],
    ['an object inside an object', `{"action": ${json}}`],
    ['a tool call', `{"name": "act", "arguments": ${json}}`],
    ['thinking before it', `<think>label=spam, {"label": "spam"}</think>${json}`],
    ['pairs', 'label=urgent, route=safety, summary=Gas leaks at line 3.'],
    ['a prefix and pairs', 'action: label=urgent, route=safety, summary="Gas leaks at line 3."'],
    ['a prefix in bold', '**Next action:** label: urgent | route_to: safety | summary: Gas leaks at line 3.'],
    ['lines', 'Label: Urgent\nRoute to: safety\nSummary: Gas leaks at line 3.'],
    ['lines in bold', '- **Label:** urgent\n- **Route:** `safety`\n- **Summary:** Gas leaks at line 3.'],
    ['another order', 'summary: Gas leaks at line 3.\nroute: safety\nlabel: urgent'],
  ])('reads %s [ET-18]', (_what, text) => {
    expect(parseAction(text)).toEqual(expected)
  })

  const PREFIXES = [
    ...[
      '',
      'I think ',
      'Next action: ',
      'Action -> ',
      '1. ',
      '- ',
      '* ',
      '• ',
      '> ',
      '### Answer\n',
      '(',
      '**Answer:** ',
    ],
    'After reading the email, which names no department, I would say ',
    'Sure! Here is my answer:\n\n',
    'The customer wants his money back, so I choose ',
    'My priority is clear; ',
  ]
  const NAMES = [
    'label|route_to',
    'Label|Route to',
    'LABEL|ROUTE',
    'category|team',
    'classification|department',
  ]
  const NAME_MARKS = ['$', '**$**', '`$`', '"$"', "'$'", '_$_', '*$*']
  const SEPARATORS = ['=', ': ', ' = ', ' : ', ':', ':\n', ':** ']
  const VALUE_MARKS = ['$', '"$"', "'$'", '**$**', '`$`', '_$_', '$.']
  const JOINTS = [', ', '; ', '\n', '\n\n', ' | ', ' and ', ', then ', '\n- ', '\n* ', '\n2. ', ' / ', '\r\n']
  const marked = (mark: string, text: string): string => mark.replace('$', text)
  const one = (list: readonly string[]) => fc.constantFrom(...list)

  it('reads names and values however they are introduced, marked, separated and joined [ET-18]', () => {
    const phrasing = fc.tuple(
      one(PREFIXES),
      one(NAMES),
      one(NAME_MARKS),
      one(SEPARATORS),
      one(VALUE_MARKS),
      one(JOINTS),
    )
    fc.assert(
      fc.property(phrasing, fc.boolean(), fc.boolean(), (form, swapped, loud) => {
        const [prefix, names, nameMark, separator, valueMark, joint] = form
        const [label = '', route = ''] = names.split('|')
        const pair = (name: string, value: string): string =>
          `${marked(nameMark, name)}${separator}${marked(valueMark, loud ? value.toUpperCase() : value)}`
        const pairs = [pair(label, 'urgent'), pair(route, 'billing')]
        const text = prefix + (swapped ? pairs.reverse() : pairs).join(joint)
        expect(parseAction(text), text).toMatchObject({ label: 'urgent', route_to: 'billing' })
      }),
      { numRuns: 3000 },
    )
  })

  it.each([
    'I think label=urgent, route=billing',
    'I would pick label=urgent and route=billing because he waits.',
    'Given the priority of this, label: urgent, route: billing',
    'Priority: see below. Label: urgent. Route: billing.',
    "{'label': 'urgent', 'route_to': 'billing'}",
    '{label: "urgent", route_to: "billing"}',
    '```json\n{"label": "urgent", "route_to": "billing"}\n```',
    '```\nlabel=urgent\nroute=billing\n```',
    'The class of people aside: label=urgent, route=billing',
  ])('reads %j [ET-18]', (text) => {
    expect(parseAction(text)).toMatchObject({ label: 'urgent', route_to: 'billing' })
  })

  it('keeps commas, colons and quotes of a summary [ET-18]', () => {
    const summary = 'Anna says: "call now", at 9:30, or else.'
    expect(parseAction(JSON.stringify({ ...expected, summary }))?.summary).toBe(summary)
    expect(parseAction(`label=urgent, route=safety, summary=${summary}`)?.summary).toContain(
      'at 9:30, or else.',
    )
  })

  it.each([
    '',
    'I am sorry, I cannot help with that.',
    '{"label": "later"}',
    '{"label": 3}',
    'label=',
    '{',
    '[]',
    'null',
  ])('finds no action in %j [ET-18]', (text) => {
    expect(parseAction(text)).toBeNull()
  })

  it('leaves what is missing empty [ET-18]', () => {
    expect(parseAction('label=spam')).toEqual({ label: 'spam', route_to: '', summary: '' })
  })

  it('never throws, and answers nothing or an action [ET-18]', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '{',
        '}',
        '"',
        '\\',
        ':',
        '=',
        '```json',
        'label',
        'label=',
        'urgent',
        'summary:',
        '"label":"spam"',
        '<think>',
        ',',
      ),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const action = parseAction(pieces.join(''))
        expect(action === null || TriageAction.safeParse(action).success).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('reads back every action from JSON in any prose without braces [ET-18]', () => {
    const action = fc.record({
      label: fc.constantFrom(...Label.options),
      route_to: fc.stringMatching(/^[a-z]{2,8}(-[a-z]{2,8})?$/),
      summary: fc.string({ maxLength: 80 }).map((text) => text.trim()),
    })
    const prose = fc.string({ maxLength: 40 }).map((text) => text.replace(/[{}"<]/g, ''))
    fc.assert(
      fc.property(action, prose, prose, (each, before, after) => {
        expect(
          parseAction(`${before}\n\`\`\`json\n${JSON.stringify(each, null, 2)}\n\`\`\`${after}`),
        ).toEqual(each)
      }),
    )
  })

  it('is quick on what is made to be slow [ET-18]', () => {
    const hostile = [
      '{'.repeat(20_000),
      '{"a":'.repeat(5_000),
      ' a'.repeat(10_000),
      'label '.repeat(4_000),
      '{}'.repeat(10_000),
    ]
    for (const text of hostile) expect(parseAction(text)).toBeNull()
  })
})
