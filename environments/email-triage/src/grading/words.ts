/** A word of a text, with where it stands. */
export interface Word {
  /** Lower case, without marks. */
  readonly text: string
  /** Without common endings, so that forms of a word meet. */
  readonly stem: string
  /** Which sentence it belongs to, from 0. */
  readonly sentence: number
  /** Which clause: the text between two marks of any kind, from 0. */
  readonly clause: number
}

const NUMBER_WORDS: ReadonlyMap<string, string> = new Map(
  // "one" is missing: it is a pronoun more often than a number.
  'zero - two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty'
    .split(' ')
    .map((word, value) => [word, String(value)]),
)

const TOKEN = /\d+(?:[.:,]\d+)*%?|\p{L}+(?:'\p{L}+)*|[.!?;\n]+|[,:()"“”–—/]|\s-\s/gu

/** Splits a text into words; numbers are written as digits, "can't" becomes "can not". */
export function wordsOf(text: string): readonly Word[] {
  const words: Word[] = []
  let sentence = 0
  let clause = 0
  const plain = text
    .normalize('NFKC')
    .replace(/[‘’ʼ`]/g, "'")
    .toLowerCase()
  for (const [token] of plain.matchAll(TOKEN)) {
    if (/^[\p{L}\d]/u.test(token)) {
      for (const part of expand(token)) words.push({ text: part, stem: stemOf(part), sentence, clause })
      continue
    }
    clause += 1
    if (/[.!?;\n]/.test(token)) sentence += 1
  }
  return words
}

function expand(token: string): readonly string[] {
  if (/^\d/.test(token))
    return [
      token
        .replace(/,(?=\d{3})/g, '')
        .replace(/\.00$|%$/, '')
        .replace(/^0(?=\d:)/, ''),
    ]
  if (token === "can't" || token === 'cannot') return ['can', 'not']
  if (token === "won't") return ['will', 'not']
  if (token.endsWith("n't")) return [token.slice(0, -3), 'not']
  const [head = ''] = token.split("'")
  const word = head.replace(/[^\p{L}]/gu, '')
  return word === '' ? [] : [NUMBER_WORDS.get(word) ?? word]
}

const ENDINGS = /(?:ations?|ments?|ings?|ions?|ers?|ies|ed|es|ly|al|s|e|y)$/

/** What is left of a word without its endings, six letters at most: `approve`, `approval` and `approved` agree. */
export function stemOf(word: string): string {
  if (word.length < 5) return word.length > 3 && word.endsWith('s') ? word.slice(0, -1) : word
  return bareOf(bareOf(word)).slice(0, 6)
}

function bareOf(word: string): string {
  const bare = word.replace(ENDINGS, '')
  return bare.length < 3 ? word : bare.replace(/([bdgklmnprt])\1$/, '$1')
}

const FUNCTION_WORDS: ReadonlySet<string> = new Set(
  (
    'a an the this that these those my our your his her their its some any no every each all both either neither ' +
    'i you he she it we they me him us them who whom whose which what someone somebody anyone anybody everyone ' +
    'everybody nobody nothing something anything everything one ' +
    'of in on at by for with from to into onto about over under after before since until till through during ' +
    'without within between against among as than because while although though if unless whether despite near ' +
    'per via out up off ' +
    'and or but nor so yet then ' +
    'is are was were be been being am has have had having do does did will would shall should can could may might ' +
    'must not never also only just already still now here there where when how why very more most less too again ' +
    'such own other another same'
  ).split(' '),
)

/** Whether a word only holds a sentence together. */
export function isFunctionWord({ text }: Word): boolean {
  return FUNCTION_WORDS.has(text)
}

/** Whether a word is a number, a time or an amount. */
export function isNumber({ text }: Word): boolean {
  return /^\d/.test(text)
}
