// Just enough English grammar to tell sentences from shuffled words.
const set = (words: string): ReadonlySet<string> => new Set(words.split(' '))

const ARTICLES = set('a an the')
const DETERMINERS = set('a an the my our your their its every each')
/** Prepositions that no other preposition follows, and that end no sentence. */
const PREPOSITIONS = set(
  'of at for with from to into onto between against during among per via despite without',
)
const ANY_PREPOSITION = set(
  'of in on at by for with from to into onto against during among per via despite without',
)
const CONJUNCTIONS = set('and or but nor')
const BE = set('is are was were am')
const FINITE = set('is are was were am have has had does did do')
// Without "may", which is also a month.
const MODALS = set('will would shall should can could might must')
const SUBJECTS = set('i he she we they')
const OBJECTS = set('him them us me')
const RELATIVES = set('that which who although while if unless when where')
/** What no sentence ends with. */
export const OPEN_ENDED = set(
  'a an the my our your their its every each of and or but nor than to for with from into at per via despite without ' +
    'because although unless i he she we they is are was were am will would shall should must has had when whether which ' +
    'who if no be been very',
)
/** What no sentence begins with. */
export const OPEN_STARTED = set('of and or than nor am is are was were has will be been him them us')

const anyOf = (...sets: readonly ReadonlySet<string>[]): ReadonlySet<string> =>
  new Set(sets.flatMap((each) => [...each]))
/** Words that never stand directly before others, whatever the sentence. */
const NEVER_AFTER: readonly (readonly [left: ReadonlySet<string>, right: ReadonlySet<string>])[] = [
  [
    ARTICLES,
    anyOf(
      set('my our your their its his her every each some any this these those there here'),
      RELATIVES,
      OBJECTS,
    ),
  ],
  [
    DETERMINERS,
    anyOf(
      ARTICLES,
      ANY_PREPOSITION,
      CONJUNCTIONS,
      RELATIVES,
      FINITE,
      MODALS,
      SUBJECTS,
      set('it him them us not be been as so'),
    ),
  ],
  [set('no'), anyOf(ARTICLES, ANY_PREPOSITION, CONJUNCTIONS, FINITE, MODALS, SUBJECTS, set('not be been'))],
  [set('in on by'), anyOf(BE, MODALS, set('has have had'))],
  [set('it'), anyOf(SUBJECTS, OBJECTS, set('of a'))],
  [PREPOSITIONS, anyOf(FINITE, SUBJECTS, MODALS, ANY_PREPOSITION, CONJUNCTIONS, set('been than'))],
  [CONJUNCTIONS, anyOf(CONJUNCTIONS, set('of than'))],
  [
    MODALS,
    anyOf(
      DETERMINERS,
      PREPOSITIONS,
      CONJUNCTIONS,
      MODALS,
      BE,
      OBJECTS,
      set('has had did does been than that'),
    ),
  ],
  [BE, anyOf(BE, MODALS, OBJECTS, set('has have had does did do be than'))],
  [set('has have had'), anyOf(BE, MODALS, set('be does did do of than'))],
  [SUBJECTS, anyOf(DETERMINERS, PREPOSITIONS, SUBJECTS, OBJECTS, set('be been than it'))],
  [set('be been'), anyOf(BE, MODALS, SUBJECTS, OBJECTS, set('has have had be does did of than and or'))],
  [set('than'), anyOf(BE, MODALS, CONJUNCTIONS, set('of to be been than for with from'))],
  [set('not'), anyOf(CONJUNCTIONS, BE, MODALS, SUBJECTS, set('of than not has had have'))],
  [OBJECTS, anyOf(BE, MODALS, SUBJECTS, OBJECTS, set('has have had than does did do been be'))],
  [anyOf(RELATIVES), anyOf(CONJUNCTIONS, set('than of be been'))],
]
/** Pairs that the rules above forbid and English does not. */
const FINE = ['to do', 'to have', 'to in', 'for and', 'from among', 'do have', 'had had']
const BROKEN: ReadonlySet<string> = new Set(
  NEVER_AFTER.flatMap(([left, right]) =>
    [...left].flatMap((first) => [...right].map((second) => `${first} ${second}`)),
  ).filter((pair) => !FINE.includes(pair)),
)

const PLURAL_BEFORE_NOUNS = set('news series sales means customs works goods parts savings customer')

/** Whether no English sentence has these two words side by side; shuffled words are full of such pairs. */
export function isBroken(left: string, right: string): boolean {
  if (BROKEN.has(`${left} ${right}`)) return true
  if (left === right) return left.length > 1 && !/^\d/.test(left) && left !== 'had' && left !== 'that'
  if (left === 'an') return /^[^aeiouh\d]/.test(right)
  if (left === 'a' && /^[aeio]/.test(right) && !/^(?:one|once|eu)/.test(right)) return true
  if (left === 'a') return /.{3}[^suion']s$/.test(right) && !PLURAL_BEFORE_NOUNS.has(right)
  return MODALS.has(left) && /.{3}(?:ing|ed)$/.test(right) && right !== 'need' && right !== 'bring'
}
