import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
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

  const name = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?$/)
  const version = fc.stringMatching(
    /^[0-9]{1,3}(\.[0-9]{1,3}){1,3}((a|b|rc)[0-9]{1,2})?(\.post[0-9])?(\.dev[0-9])?$/,
  )
  const clause = fc
    .tuple(fc.constantFrom('==', '!=', '<=', '>=', '<', '>', '~='), version)
    .map(([op, v]) => op + v)
  const operand = fc.oneof(
    fc.constantFrom('python_version', 'sys_platform', 'extra', 'platform_machine', 'implementation_name'),
    fc.stringMatching(/^[a-zA-Z0-9 .,;:@()[\]<>=!~_-]{0,10}$/).map((text) => `'${text}'`),
  )
  const compare = fc
    .tuple(operand, fc.constantFrom('==', '!=', '<', '>=', 'in', 'not in', '~=', '==='), operand)
    .map((parts) => parts.join(' '))
  const { marker } = fc.letrec<{ marker: string }>((tie) => ({
    marker: fc.oneof(
      { maxDepth: 4 },
      compare,
      fc
        .tuple(tie('marker'), fc.constantFrom('and', 'or'), tie('marker'))
        .map(([a, op, b]) => `${a} ${op} (${b})`),
      tie('marker').map((inside) => `( ${inside} )`),
    ),
  }))
  const requirement = fc
    .tuple(name, fc.array(name, { maxLength: 2 }), fc.array(clause, { maxLength: 3 }), fc.option(marker))
    .map(([n, extras, clauses, condition]) =>
      [
        n,
        extras.length === 0 ? '' : ` [${extras.join(' , ')}]`,
        clauses.join(', '),
        condition === null ? '' : `; ${condition}`,
      ].join(''),
    )

  it('of any kind is written so that it means the same when it is read again', () => {
    fc.assert(
      fc.property(requirement, (text) => {
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

  const python = pythonWithPackaging()
  it.runIf(python !== null)('means to us what it means to Python’s own `packaging`', () => {
    const texts = fc.sample(requirement, { numRuns: 300, seed: 7 })
    const script = `import json, sys
from packaging.requirements import Requirement
ENVIRONMENTS = [{"python_version": p, "sys_platform": s, "extra": e, "platform_machine": m, "implementation_name": "cpython"}
    for p in ("3.11", "3.13") for s in ("linux", "win32") for e in ("", "a") for m in ("x86_64", "b")]
def holds(marker, environment):
    try:
        return marker.evaluate(environment)
    except Exception as error:
        return type(error).__name__
def read(text):
    try:
        r = Requirement(text)
    except Exception as error:
        return None
    where = None if r.marker is None else [holds(r.marker, each) for each in ENVIRONMENTS]
    return [r.name, sorted(r.extras), sorted(map(str, r.specifier)), r.url, where]
print(json.dumps([read(text) for text in json.load(sys.stdin)]))`
    const asked = texts.flatMap((text) => [text, written(text)])
    const { stdout, stderr } = spawnSync(python ?? '', ['-c', script], {
      input: JSON.stringify(asked),
      encoding: 'utf8',
    })
    const read = JSON.parse(stdout === '' ? stderr : stdout) as (readonly unknown[] | null)[]
    for (const [at, text] of texts.entries()) {
      const [theirs, ours] = [read[2 * at], read[2 * at + 1]]
      expect(theirs, text).not.toBeNull()
      expect(ours, written(text)).toEqual(theirs)
      const parsed = parseRequirement(text)
      expect(theirs?.slice(0, 2), text).toEqual([parsed.name, [...new Set(parsed.extras)].sort()])
    }
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

/** A Python of this machine that has `packaging`: one of the peers', or pip's own copy. */
function pythonWithPackaging(): string | null {
  const venvs = new URL('../../../../.venvs/', import.meta.url).pathname
  let made: string[] = []
  try {
    made = readdirSync(venvs).map((name) => `${venvs}${name}/bin/python`)
  } catch {
    // None was made yet.
  }
  const has = (python: string) =>
    spawnSync(python, ['-c', 'import packaging.requirements'], { stdio: 'ignore' }).status === 0
  return [...made, 'python3'].find(has) ?? null
}
