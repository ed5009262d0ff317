import { validRange } from '@renovatebot/pep440'

/** One clause of a version specifier, for example `>=` and `1.2`. */
export interface VersionClause {
  readonly operator: string
  readonly version: string
}

/** Why a text is no version specifier, and where. */
export class SpecifierError extends Error {
  override readonly name = 'SpecifierError'
  /** From 0. */
  readonly at: number

  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}

const CLAUSE = /(~=|===|==|!=|<=|>=|<|>)[ \t]*([A-Za-z0-9][A-Za-z0-9.+!*_-]*)/y
const BETWEEN = /[ \t]*,[ \t]*/y
const BLANKS = /[ \t]*/y

/**
 * Reads a version specifier (PEP 440) from a place in a text, as far as it goes.
 *
 * @returns Its clauses, none where there is no operator, and where it ends.
 * @throws SpecifierError for a clause that is none.
 */
export function readSpecifier(
  text: string,
  from: number,
): { readonly clauses: readonly VersionClause[]; readonly end: number } {
  const clauses: VersionClause[] = []
  let at = from
  for (;;) {
    CLAUSE.lastIndex = at
    const [whole, operator, version] = CLAUSE.exec(text) ?? []
    if (whole === undefined || operator === undefined || version === undefined) {
      if (clauses.length > 0 || /[~=!<>]/.test(text.charAt(at)))
        throw new SpecifierError('a version clause such as >=1.2 is expected', at)
      return { clauses, end: at }
    }
    if (!isClause(operator, version))
      throw new SpecifierError(`${operator}${version} is no version clause`, at)
    clauses.push({ operator, version })
    at += whole.length
    BETWEEN.lastIndex = at
    const between = BETWEEN.exec(text)?.[0]
    if (between === undefined) return { clauses, end: at }
    at += between.length
    // Python's own parser lets a list end in a comma.
    if (at === text.length || /[;)]/.test(text.charAt(at))) return { clauses, end: at }
  }
}

/**
 * A whole text as a version specifier, written anew: `>=3.11,<3.14`. Empty for an empty text.
 *
 * @throws SpecifierError
 */
export function parseSpecifier(text: string): string {
  const from = skipBlanks(text, 0)
  const { clauses, end } = readSpecifier(text, from)
  const rest = skipBlanks(text, end)
  if (rest < text.length) throw new SpecifierError(unexpected(text, rest), rest)
  return specifierText(clauses)
}

/** Clauses as they are written: joined by commas, without blanks. */
export function specifierText(clauses: readonly VersionClause[]): string {
  return clauses.map(({ operator, version }) => operator + version).join(',')
}

/** Where the blanks end that begin at a place. A line break is no blank. */
export function skipBlanks(text: string, from: number): number {
  BLANKS.lastIndex = from
  return from + (BLANKS.exec(text)?.[0].length ?? 0)
}

/** What stands at a place where nothing should, in words that no terminal takes for orders. */
export function unexpected(text: string, at: number): string {
  const code = text.codePointAt(at)
  if (code === undefined) return 'more is expected'
  if (
    code === 0x0a ||
    code === 0x0d ||
    code === 0x85 ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x0b ||
    code === 0x0c
  )
    return 'a line break is not allowed'
  if (/[\p{C}\p{Z}]/u.test(String.fromCodePoint(code)) && code !== 0x20)
    return `the character U+${code.toString(16).toUpperCase().padStart(4, '0')} is not allowed`
  return `${JSON.stringify(String.fromCodePoint(code))} is not expected`
}

function isClause(operator: string, version: string): boolean {
  // `===` compares texts, so any text is a version to it. The characters are those of the pattern above.
  return operator === '===' ? !version.includes('*') : validRange(operator + version)
}
