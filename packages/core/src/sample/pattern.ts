import { printable } from '../printable.ts'
import type { Random } from '../random.ts'
import type { Budget } from './budget.ts'

/** A part of a regular expression. */
export type Part =
  /** One character: some that it may be, to write, and how the pattern says it, to match. */
  | { readonly kind: 'characters'; readonly of: string; readonly source: string }
  /** Where a text that is not anchored may have more around it; written, and matches nothing. */
  | { readonly kind: 'around' }
  /** Start and end of the text, the border of a word, and no border. */
  | { readonly kind: 'edge'; readonly at: 'start' | 'end' | 'border' | 'inside' }
  | { readonly kind: 'look'; readonly part: Part; readonly behind: boolean; readonly wanted: boolean }
  | { readonly kind: 'sequence'; readonly parts: readonly Part[] }
  | { readonly kind: 'choice'; readonly options: readonly Part[] }
  | { readonly kind: 'repeat'; readonly part: Part; readonly min: number; readonly max: number }

const range = (from: string, to: string): string => {
  let text = ''
  for (let code = from.charCodeAt(0); code <= to.charCodeAt(0); code += 1) text += String.fromCharCode(code)
  return text
}
const LOWER = range('a', 'z')
const UPPER = range('A', 'Z')
const DIGITS = range('0', '9')
const PRINTABLE = range(' ', '~')
const CLASSES: Readonly<Record<string, string>> = {
  d: DIGITS,
  w: `${LOWER}${UPPER}${DIGITS}_`,
  s: ' ',
  n: '\n',
  r: '\r',
  t: '\t',
  f: '\f',
  v: '\v',
}
/** `\p{…}`: a few members of the properties that schemas use. */
const PROPERTIES: Readonly<Record<string, string>> = {
  L: LOWER + UPPER,
  Letter: LOWER + UPPER,
  Alphabetic: LOWER + UPPER,
  Ll: LOWER,
  Lowercase: LOWER,
  Lu: UPPER,
  Uppercase: UPPER,
  N: DIGITS,
  Nd: DIGITS,
  Extended_Pictographic: '☀☂☕⚡',
  Emoji_Component: '☀☂☕⚡',
}

/** Longer patterns are not read: the longest in use, an IPv6 address, has some 700 characters. */
const MAX_PATTERN_CHARACTERS = 4096
/** Groups inside each other. */
const MAX_GROUPS = 50

/**
 * Reads a regular expression.
 *
 * @throws RangeError for what it cannot read: back-references, set notation, broken syntax, and too long or deep ones.
 */
export function readPattern(pattern: string): Part {
  if (pattern.length > MAX_PATTERN_CHARACTERS) {
    throw new RangeError(
      `No text can be made for the pattern ${printable(pattern, 60)}: it has more than ${String(MAX_PATTERN_CHARACTERS)} characters.`,
    )
  }
  return new PatternReader(pattern).read()
}

/**
 * Makes a text that a pattern is likely to match: the caller checks, and tries again.
 *
 * Anchors and look-arounds make nothing. Where an alternative is not anchored, there may be text around it.
 *
 * @param most - How often an unbounded part repeats beyond its minimum.
 * @throws TooCostly when the text takes too long to make.
 */
export function textLike(pattern: Part, random: Random, most: number, budget: Budget): string {
  budget.spend(1)
  switch (pattern.kind) {
    case 'characters':
      budget.spend(4)
      return random.pick(Array.from(pattern.of))
    case 'edge':
    case 'look':
      return ''
    case 'around':
      return textLike(ANYTHING, random, most, budget)
    case 'sequence':
      return pattern.parts.map((each) => textLike(each, random, most, budget)).join('')
    case 'choice':
      return textLike(random.pick(pattern.options), random, most, budget)
    case 'repeat': {
      const { part, min, max } = pattern
      const count = random.integer(min, Math.max(min, Math.min(max, min + most)))
      let text = ''
      for (let turn = 0; turn < count; turn += 1) text += textLike(part, random, most, budget)
      return text
    }
  }
}

const ANYTHING: Part = {
  kind: 'repeat',
  part: { kind: 'characters', of: LOWER, source: '[a-z]' },
  min: 0,
  max: Infinity,
}

const EDGES = [
  ['^', 'start'],
  ['$', 'end'],
  ['\\b', 'border'],
  ['\\B', 'inside'],
] as const
const LOOKS = [
  { sign: '(?=', behind: false, wanted: true },
  { sign: '(?!', behind: false, wanted: false },
  { sign: '(?<=', behind: true, wanted: true },
  { sign: '(?<!', behind: true, wanted: false },
] as const

/** Reads the common part of JavaScript's regular expressions, from left to right. */
class PatternReader {
  readonly #source: string
  #at = 0
  #groups = 0

  constructor(source: string) {
    this.#source = source
  }

  read(): Part {
    const part = this.#alternatives(true)
    if (this.#at < this.#source.length) throw this.#unread('an unbalanced parenthesis')
    return part
  }

  #unread(what: string): RangeError {
    return new RangeError(
      `No text can be made for the pattern ${printable(this.#source, 200)}: it has ${what}.`,
    )
  }

  #eat(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #alternatives(outermost: boolean): Part {
    this.#groups += 1
    if (this.#groups > MAX_GROUPS) throw this.#unread('too many groups inside each other')
    const options: Part[] = []
    do {
      options.push(this.#sequence(outermost))
    } while (this.#eat('|'))
    this.#groups -= 1
    const [only] = options
    return options.length === 1 && only !== undefined ? only : { kind: 'choice', options }
  }

  #sequence(outermost: boolean): Part {
    const parts: Part[] = []
    const anchored = this.#source.startsWith('^', this.#at)
    let ended = false
    while (this.#at < this.#source.length && !this.#source.startsWith('|', this.#at)) {
      if (!outermost && this.#source.startsWith(')', this.#at)) break
      ended = this.#source.startsWith('$', this.#at)
      parts.push(this.#repeated(this.#atom()))
    }
    if (outermost && !anchored) parts.unshift({ kind: 'around' })
    if (outermost && !ended) parts.push({ kind: 'around' })
    return { kind: 'sequence', parts }
  }

  #atom(): Part {
    for (const [sign, at] of EDGES) if (this.#eat(sign)) return { kind: 'edge', at }
    for (const { sign, ...look } of LOOKS) {
      if (!this.#eat(sign)) continue
      const part = this.#alternatives(false)
      if (!this.#eat(')')) throw this.#unread('an open group')
      return { kind: 'look', part, ...look }
    }
    if (this.#eat('(')) {
      if (!this.#eat('?:') && this.#eat('?<')) this.#at = this.#source.indexOf('>', this.#at) + 1
      const inner = this.#alternatives(false)
      if (!this.#eat(')')) throw this.#unread('an open group')
      return inner
    }
    const start = this.#at
    const of = this.#eat('[')
      ? this.#set()
      : this.#eat('.')
        ? `${LOWER}${UPPER}${DIGITS} .,-`
        : this.#character()
    return { kind: 'characters', of, source: this.#source.slice(start, this.#at) }
  }

  /** One character, or the members of an escape. */
  #character(): string {
    if (!this.#eat('\\')) {
      const literal = String.fromCodePoint(this.#source.codePointAt(this.#at) ?? 0)
      this.#at += literal.length
      return literal
    }
    const letter = this.#source[this.#at] ?? ''
    this.#at += 1
    if (letter === 'p' || letter === 'P') return this.#property(letter === 'P')
    if (letter === 'x') return this.#code(2)
    if (letter === 'u')
      return this.#source[this.#at] === '{' ? this.#code(this.#braced().length) : this.#code(4)
    if (/[1-9k]/.test(letter)) throw this.#unread('a back-reference')
    const negated = CLASSES[letter.toLowerCase()]
    if (/[DWS]/.test(letter) && negated !== undefined) return without(negated)
    return CLASSES[letter] ?? letter
  }

  /** Steps over `{` to the text before `}`, and leaves the position at its start. */
  #braced(): string {
    const end = this.#source.indexOf('}', this.#at)
    if (end < 0) throw this.#unread('an open brace')
    this.#at += 1
    return this.#source.slice(this.#at, end)
  }

  #code(digits: number): string {
    const text = this.#source.slice(this.#at, this.#at + digits)
    if (!/^[0-9a-fA-F]+$/.test(text)) throw this.#unread('a broken escape')
    this.#at += digits
    this.#eat('}')
    return String.fromCodePoint(Number.parseInt(text, 16))
  }

  #property(negated: boolean): string {
    const name = this.#braced()
    this.#at += name.length + 1
    const members = PROPERTIES[name.replace(/^.*=/, '')]
    if (members === undefined && !negated) return ' '
    return negated ? without(members ?? '') : (members ?? '')
  }

  /** The members of `[…]`; of a negated set, its printable ASCII ones. */
  #set(): string {
    const negated = this.#eat('^')
    let members = ''
    while (!this.#eat(']')) {
      if (this.#at >= this.#source.length) throw this.#unread('an open set')
      const from = this.#character()
      const next = this.#source[this.#at + 1]
      if (this.#source[this.#at] === '-' && next !== undefined && next !== ']' && from.length === 1) {
        this.#at += 1
        members += range(from, this.#character())
      } else {
        members += from
      }
    }
    const result = negated ? without(members) : members
    if (result === '') throw this.#unread('a set that nothing printable is in')
    return result
  }

  #repeated(part: Part): Part {
    const bounds = this.#bounds()
    if (bounds === null) return part
    this.#eat('?')
    return { kind: 'repeat', part, min: bounds[0], max: bounds[1] }
  }

  #bounds(): readonly [number, number] | null {
    if (this.#eat('*')) return [0, Infinity]
    if (this.#eat('+')) return [1, Infinity]
    if (this.#eat('?')) return [0, 1]
    const counted = /^\{(\d+)(,(\d*))?\}/.exec(this.#source.slice(this.#at, this.#at + 24))
    if (counted === null) return null
    this.#at += counted[0].length
    const min = Number(counted[1])
    if (counted[2] === undefined) return [min, min]
    return [min, counted[3] === '' ? Infinity : Number(counted[3])]
  }
}

function without(members: string): string {
  return Array.from(PRINTABLE)
    .filter((character) => !members.includes(character))
    .join('')
}
