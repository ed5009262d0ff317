import { describe, expect, it } from 'vitest'
import { escapeControls, firstSentence, printable } from './printable.ts'

const CONTROLS: Readonly<Record<string, string>> = {
  'an escape sequence': '\u001b[31m',
  'a title': '\u001b]0;owned\u0007',
  'C1, which some terminals take for escape sequences': '\u009b31m',
  'a carriage return': '\r',
  backspaces: '\b\b',
  DEL: '\u007f',
  NUL: '\0',
  'a separator of lines': '\u2028',
  'a separator of paragraphs': '\u2029',
  'a change of direction': '\u202e',
  'an isolate of direction': '\u2066',
  'a mark of direction': '\u200f',
  'an Arabic mark of direction': '\u061c',
  'a space of no width': '\u200b',
  'a joiner of no width': '\u200d',
  'a byte order mark': '\ufeff',
  'a soft hyphen': '\u00ad',
  'a filler': '\u3164',
  'a tag, which is invisible': '\u{e0041}',
  'half a surrogate pair': '\ud83d',
}
const HARMFUL = /[^\n\P{Cc}]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u3164]/u

describe('text that somebody else wrote', () => {
  it.each(Object.entries(CONTROLS))('is printed without %s', (_name, control) => {
    for (const print of [escapeControls, printable, firstSentence]) {
      const shown = print(`a${control}b`)
      expect(shown).not.toMatch(HARMFUL)
      if (print !== firstSentence) expect(JSON.parse(`"${shown}"`)).toBe(`a${control}b`)
    }
  })

  it('is left as it is where nothing in it is harmful', () => {
    const text = 'Écho, 日本語, العربية, 🙂 and "quotes" \\ backslashes.'
    for (const print of [escapeControls, printable, firstSentence]) expect(print(text)).toBe(text)
  })

  it('keeps its lines where it may have some, and is one line elsewhere', () => {
    expect(escapeControls('a\nb\r\n')).toBe('a\nb\\u000d\n')
    expect(printable('a\nb')).toBe('a\\u000ab')
    expect(firstSentence('a\n\n b')).toBe('a b')
  })

  it('is escaped once, however often it passes', () => {
    for (const control of Object.values(CONTROLS)) {
      expect(escapeControls(escapeControls(control))).toBe(escapeControls(control))
    }
  })

  it('stays JSON of the same value', () => {
    const value = { [`k${CONTROLS['DEL'] ?? ''}`]: Object.values(CONTROLS), text: 'a\nb' }
    expect(JSON.parse(escapeControls(JSON.stringify(value, null, 2)))).toEqual(value)
  })

  it('is cut where it is long, between characters', () => {
    expect(printable('x'.repeat(200))).toBe('x'.repeat(200))
    expect(printable('x'.repeat(201))).toBe(`${'x'.repeat(200)}…`)
    expect(printable('🙂🙂🙂', 2)).toBe('🙂🙂…')
    expect(printable('🙂🙂', 2)).toBe('🙂🙂')
    expect(printable('x'.repeat(10_000_000), 3)).toBe('xxx…')
  })

  it('as a description is its first sentence, which closes no fence and opens none', () => {
    expect(firstSentence('Guess a word. Then another.')).toBe('Guess a word.')
    expect(firstSentence('Version 1.2 of it! More.')).toBe('Version 1.2 of it!')
    expect(firstSentence('Words\n```\nrm -rf /\n```')).toBe('Words rm -rf /')
    expect(firstSentence('~~~sh\n<script>x</script>')).toBe('sh scriptx/script')
    expect(firstSentence('推测一个词。然后')).toBe('推测一个词。')
    expect(firstSentence('')).toBe('')
  })
})
