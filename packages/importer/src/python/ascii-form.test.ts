import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { asciiForm } from './ascii-form.ts'
import { loadParsers } from './parsers.ts'

const parsers = await loadParsers()

describe('a source in any language', () => {
  it.each([
    'x = [\n    "日本語", "世界",  # 注释\n    # 日本\n    "é",\n]\n',
    'f(\n    "привет",  # как дела\n    é=1, ü=2,\n)\n',
    'def приветствие(имя, возраст):\n    """Текст"""\n    return f"{имя}: {возраст}"\n',
    'class Ünïcode:\n    naïve: str = "🎉"\n',
    's = "\u2028\u00a0\u200b"\n',
    'match 値:\n    case "甲": pass\n',
  ])('is Python where it is: %j', (text) => {
    expect(parsers.faultOf(text)).toBeNull()
  })

  it.each(['x = “quoted”\n', 'x = 1\u00a0+ 2\n', 'x = 🎉\n', 'x = é é\n'])(
    'is none where it is none: %j',
    (text) => {
      expect(parsers.faultOf(text)).not.toBeNull()
    },
  )

  it('keeps its lines, and is ASCII', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const form = asciiForm(text)
        expect(form).toMatch(/^[\0-\x7f]*$/)
        expect(form.split('\n')).toHaveLength(text.split('\n').length)
      }),
    )
  })

  it('never writes to stderr, and each file is read by a parser that works, however many others broke it', () => {
    const said = vi.spyOn(console, 'error')
    const written = vi.spyOn(process.stderr, 'write')
    const endless = `x = ${'1 + '.repeat(60_000)}1\n`
    for (let at = 0; at < 4; at += 1) expect(parsers.faultOf(endless)).not.toBeUndefined()
    expect(parsers.faultOf('x = "日本"\n')).toBeNull()
    expect(parsers.faultOf('def f(:\n')).toMatchObject({ line: 1 })
    expect(said).not.toHaveBeenCalled()
    expect(written).not.toHaveBeenCalled()
  })
})
