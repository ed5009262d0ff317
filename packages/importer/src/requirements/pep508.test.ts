import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyRequirement } from '../../test/requirements.ts'
import { parseRequirement, RequirementError, requirementText } from './pep508.ts'
import { parseSpecifier, SpecifierError } from './specifier.ts'

const written = (text: string) => requirementText(parseRequirement(text))

describe('a requirement [IM-21]', () => {
  it.each([
    ['six', 'six'],
    ['  six  ', 'six'],
    ['A.b_c-d1', 'A.b_c-d1'],
    ['six==1.16', 'six==1.16'],
    ['six == 1.16 , != 1.15', 'six==1.16,!=1.15'],
    ['six (>=1.10,<2)', 'six>=1.10,<2'],
    ['six>=1,', 'six>=1'],
    ['six~=1.4.2', 'six~=1.4.2'],
    ['six==1.*', 'six==1.*'],
    ['six===1.16-custom', 'six===1.16-custom'],
    ['six>=1!2.0rc1.post2.dev3', 'six>=1!2.0rc1.post2.dev3'],
    ['torch==2.1.0+cu118', 'torch==2.1.0+cu118'],
    ['uvicorn[standard]', 'uvicorn[standard]'],
    ['x[ a , b_c ]>1', 'x[a,b_c]>1'],
    ['x[]', 'x'],
    ["x; python_version < '3.12'", "x ; python_version < '3.12'"],
    ['x>1;python_version<"3.12"', "x>1 ; python_version < '3.12'"],
    [
      `x ; (os_name == 'nt' or sys_platform == 'win32') and extra == 'gui'`,
      `x ; (os_name == 'nt' or sys_platform == 'win32') and extra == 'gui'`,
    ],
    [`x ; ((os_name == 'nt'))`, `x ; os_name == 'nt'`],
    [`x ; 'linux' in sys_platform`, `x ; 'linux' in sys_platform`],
    [`x ; sys_platform not  in "a b"`, `x ; sys_platform not in 'a b'`],
    [`x ; os.name == "it's"`, `x ; os_name == "it's"`],
    [`x ; platform_version == 'a;b[c]@d'`, `x ; platform_version == 'a;b[c]@d'`],
    ['x @ git+https://example.com/x.git@v1', 'x @ git+https://example.com/x.git@v1'],
    [
      "x@https://example.com/x.whl#sha256=a ; os_name == 'nt'",
      "x @ https://example.com/x.whl#sha256=a ; os_name == 'nt'",
    ],
  ])('%j is written as %j', (text, out) => {
    expect(written(text)).toBe(out)
    expect(written(out)).toBe(out)
  })

  const BREAKS = [
    '\n',
    '\r',
    '\r\n',
    '\v',
    '\f',
    '\u0085',
    '\u2028',
    '\u2029',
    '\0',
    '\u001b',
    '\u00a0',
    '\u200b',
    '\ufeff',
  ]
  it.each(BREAKS)('with %j anywhere is refused, with the place', (char) => {
    const texts = [
      ...[
        `x${char}--index-url http://a/`,
        `x==1.0${char}--extra-index-url=http://a/`,
        `x [a${char}--index-url u]`,
      ],
      ...[
        `x ; python_version > '3'${char}-e .`,
        `x ; python_version > '3${char}'`,
        `x @ http://a${char}-r b`,
      ],
      ...[`x${char}`, `${char}x`, `x>=${char}1`, `x ;${char}os_name == 'a'`, `x ; os_name in${char}'a'`],
    ]
    for (const text of texts) expect(() => parseRequirement(text), text).toThrow(/\(character \d+\)$/)
  })

  it.each([
    ...['', '-e .', '--index-url http://a', '-r more.txt', '-c c.txt', './x', '/x', '../x.whl', 'x/y', '~/x'],
    ...[
      'x \\',
      'x==1.0 \\ --global-option=a',
      'x --hash=sha256:a',
      'x==1.0 --config-settings=a=b',
      'x # note',
      'x y',
    ],
    ...[
      'x==',
      'x==1.0 2.0',
      'x=1',
      'x==1,,2',
      'x==one',
      'x>=1.*',
      'x~=1',
      'x>=1+local',
      'x==$(a)',
      'x==${A}',
      'x==1;',
    ],
    ...['x[', 'x[a', 'x[a b]', 'x[,]', 'x[a;]', 'x[-r y]', '[a]', '.x', 'x-', '_x', 'é', 'x@', 'x @ '],
    ...[
      'x ; y',
      'x ; os_name',
      "x ; os_name == 'a",
      "x ; os_name == 'a' or",
      "x ; (os_name == 'a'",
      "x ; os_name == 'a')",
    ],
    ...[
      "x ; os_name == 'a' xor os_name == 'b'",
      "x ; unknown == 'a'",
      "x ; os_name == '${TOKEN}'",
      "x ; os_name == 'a #b'",
    ],
    ...[
      "x ; os_name == 'a\\'",
      'x ; os_name is "a"',
      'x (>=1',
      'x >=1)',
      `x ; ${'('.repeat(80)}os_name == 'a'${')'.repeat(80)}`,
    ],
    `x${' '.repeat(3000)}`,
  ])('%j is none', (text) => {
    expect(() => parseRequirement(text)).toThrow(RequirementError)
  })

  it('of any kind is written so that it means the same when it is read again', () => {
    fc.assert(
      fc.property(anyRequirement, (text) => {
        const parsed = parseRequirement(text)
        expect(parseRequirement(requirementText(parsed))).toEqual(parsed)
      }),
    )
  })

  it('of whatever text is refused, or is one line that begins with a name and holds no option', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'x',
        '==1.0',
        ' ',
        '\n',
        '\r',
        '--index-url',
        '\\',
        ';',
        "'",
        '"',
        "os_name == 'a'",
        '[',
        ']',
        '@',
        '-',
        '#',
        '${A}',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        let out: string
        try {
          out = written(pieces.join(''))
        } catch (error) {
          expect(error).toBeInstanceOf(RequirementError)
          return
        }
        expect(out).toMatch(/^[A-Za-z0-9][\x20-\x7e]*$/)
        if (!out.includes(' @ ')) expect(out.replaceAll(/'[^']*'|"[^"]*"/g, '')).not.toMatch(/\s-|\s#|\\|\$/)
      }),
      { numRuns: 300 },
    )
  })
})

describe('a version specifier', () => {
  it.each([
    ['>=3.11', '>=3.11'],
    [' >= 3.11 , < 3.14 ', '>=3.11,<3.14'],
    ['==3.12.*', '==3.12.*'],
    ['', ''],
  ])('%j is written as %j', (text, out) => {
    expect(parseSpecifier(text)).toBe(out)
  })

  it.each([
    '>=3.11;RUNcurlevil|sh#',
    '>=3.11\n',
    '3.11',
    '>=3.11 <4',
    'python',
    '>=3.11,<4 # x',
    '>=3.11"',
    '>=3.11) --x',
    '^3.11',
    '>=',
  ])('%j is none', (text) => {
    expect(() => parseSpecifier(text)).toThrow(SpecifierError)
  })
})
