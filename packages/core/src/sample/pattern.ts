import type { Random } from '../random.ts'

/** A part of a regular expression that texts can be made from. */
type Part =
  | { readonly kind: 'characters'; readonly of: string }
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
const NOTHING: Part = { kind: 'sequence', parts: [] }
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

/**
 * Makes a text that a regular expression is likely to match: the caller checks, and tries again.
 *
 * Anchors and look-arounds make nothing. Where an alternative is not anchored, there may be text around it.
 *
 * @param most - How often an unbounded part repeats beyond its minimum.
 * @throws RangeError for what it cannot read: back-references, set notation, broken syntax.
 */
export function textLike(pattern: string, random: Random, most: number): string {
  return write(new PatternReader(pattern).read(), random, most)
}

function write(part: Part, random: Random, most: number): string {
  switch (part.kind) {
    case 'characters':
      return random.pick(Array.from(part.of))
    case 'sequence':
      return part.parts.map((each) => write(each, random, most)).join('')
    case 'choice':
      return write(random.pick(part.options), random, most)
    case 'repeat': {
      const count = random.integer(part.min, Math.max(part.min, Math.min(part.max, part.min + most)))
      let text = ''
      for (let turn = 0; turn < count; turn += 1) text += write(part.part, random, most)
      return text
    }
  }
}

const ANYTHING: Part = { kind: 'repeat', part: { kind: 'characters', of: LOWER }, min: 0, max: Infinity }

/** Reads the common part of JavaScript's regular expressions, from left to right. */
class PatternReader {
  readonly #source: string
  #at = 0

  constructor(source: string) {
    this.#source = source
  }

  read(): Part {
    const part = this.#alternatives(true)
    if (this.#at < this.#source.length) throw this.#unread('an unbalanced parenthesis')
    return part
  }

  #unread(what: string): RangeError {
    return new RangeError(`No text can be made for the pattern ${this.#source}: it has ${what}.`)
  }

  #eat(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #alternatives(outermost: boolean): Part {
    const options: Part[] = []
    do {
      options.push(this.#sequence(outermost))
    } while (this.#eat('|'))
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
    if (outermost && !anchored) parts.unshift(ANYTHING)
    if (outermost && !ended) parts.push(ANYTHING)
    return { kind: 'sequence', parts }
  }

  #atom(): Part {
    if (this.#eat('^') || this.#eat('$') || this.#eat('\\b') || this.#eat('\\B')) return NOTHING
    if (this.#eat('(?=') || this.#eat('(?!') || this.#eat('(?<=') || this.#eat('(?<!')) {
      this.#alternatives(false)
      if (!this.#eat(')')) throw this.#unread('an open group')
      return NOTHING
    }
    if (this.#eat('(')) {
      if (!this.#eat('?:') && this.#eat('?<')) this.#at = this.#source.indexOf('>', this.#at) + 1
      const inner = this.#alternatives(false)
      if (!this.#eat(')')) throw this.#unread('an open group')
      return inner
    }
    if (this.#eat('[')) return { kind: 'characters', of: this.#set() }
    if (this.#eat('.')) return { kind: 'characters', of: `${LOWER}${UPPER}${DIGITS} .,-` }
    return { kind: 'characters', of: this.#character() }
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
