import { MarkerError, markerText, parseMarker, type Marker } from './marker.ts'
import {
  readSpecifier,
  skipBlanks,
  SpecifierError,
  specifierText,
  unexpected,
  type VersionClause,
} from './specifier.ts'

/** A requirement, taken apart (PEP 508). */
export interface ParsedRequirement {
  /** As it is written: letters, digits, `.`, `_` and `-`. */
  readonly name: string
  readonly extras: readonly string[]
  /** Empty for any version, and where there is an address. */
  readonly clauses: readonly VersionClause[]
  /** Where the package is, for `name @ address`; null where the index has it. */
  readonly url: string | null
  readonly marker: Marker | null
}

/** Why a text is no requirement; the message says at which character. */
export class RequirementError extends Error {
  override readonly name = 'RequirementError'
}

const NAME = /[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?/y
const URL = /[\x21-\x7e]+/y
/** Longer than any that a person writes. */
const MOST_CHARACTERS = 2000

/**
 * Reads one requirement, as the whole of a text.
 *
 * @throws RequirementError
 */
export function parseRequirement(text: string): ParsedRequirement {
  if (text.length > MOST_CHARACTERS)
    throw new RequirementError(`it has more than ${String(MOST_CHARACTERS)} characters`)
  try {
    return read(text)
  } catch (error) {
    if (!(error instanceof SpecifierError || error instanceof MarkerError || error instanceof Stop))
      throw error
    throw new RequirementError(`${error.message} (character ${String(error.at + 1)})`, { cause: error })
  }
}

/** A requirement as it is written out: from its parts, never from the text that it was read from. */
export function requirementText({ name, extras, clauses, url, marker }: ParsedRequirement): string {
  const wanted = extras.length === 0 ? name : `${name}[${extras.join(',')}]`
  const from = url === null ? specifierText(clauses) : ` @ ${url}`
  return wanted + from + (marker === null ? '' : ` ; ${markerText(marker)}`)
}

/** A package's name as the index compares it. */
export function normalName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-')
}

class Stop extends Error {
  readonly at: number

  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}

function read(text: string): ParsedRequirement {
  let at = skipBlanks(text, 0)
  const name = nameAt(text, at, 'a name')
  at = skipBlanks(text, at + name.length)
  const extras: string[] = []
  if (text[at] === '[') {
    at = skipBlanks(text, at + 1)
    while (text[at] !== ']') {
      const extra = nameAt(text, at, 'the name of an extra')
      extras.push(extra)
      at = skipBlanks(text, at + extra.length)
      if (text[at] === ',') at = skipBlanks(text, at + 1)
      else if (text[at] !== ']') throw new Stop(unexpected(text, at), at)
    }
    at = skipBlanks(text, at + 1)
  }
  if (text[at] === '@') return { name, extras, clauses: [], ...addressAt(text, at + 1) }
  const bracket = text[at] === '('
  if (bracket) at = skipBlanks(text, at + 1)
  const { clauses, end } = readSpecifier(text, at)
  at = skipBlanks(text, end)
  if (bracket) {
    if (text[at] !== ')') throw new Stop(unexpected(text, at), at)
    at = skipBlanks(text, at + 1)
  }
  return { name, extras, clauses, url: null, marker: markerAt(text, at) }
}

function nameAt(text: string, at: number, what: string): string {
  NAME.lastIndex = at
  const name = NAME.exec(text)?.[0]
  if (name === undefined) throw new Stop(at < text.length ? unexpected(text, at) : `${what} is expected`, at)
  return name
}

/** `@ address ; marker`: the blank before the semicolon tells it from one of the address. */
function addressAt(text: string, from: number): Pick<ParsedRequirement, 'url' | 'marker'> {
  const at = skipBlanks(text, from)
  URL.lastIndex = at
  const url = URL.exec(text)?.[0]
  if (url === undefined)
    throw new Stop(at < text.length ? unexpected(text, at) : 'an address is expected', at)
  return { url, marker: markerAt(text, skipBlanks(text, at + url.length)) }
}

function markerAt(text: string, at: number): Marker | null {
  if (at === text.length) return null
  if (text[at] !== ';') throw new Stop(unexpected(text, at), at)
  return parseMarker(text, at + 1)
}
