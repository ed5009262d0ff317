/** An assistant's message, as `submit` takes it. */
export interface Turn {
  readonly content: string | null
  readonly tool_calls?: readonly { readonly id: string; readonly name: string; readonly arguments: object }[]
}

/** What is played on a task: tool calls, or what the assistant says turn by turn. */
export interface PlannedEpisode {
  readonly split: string
  readonly index: number
  readonly calls?: readonly (readonly [name: string, input: object])[]
  readonly turns?: readonly Turn[]
}

/** A source, the script that plays it with its own library, and what is played. */
export interface Fixture {
  readonly name: string
  /** Where it lies in this folder; `fixtures/` and its name when not given. */
  readonly source?: string
  readonly native: 'ors' | 'verifiers_v0' | 'verifiers_v1'
  readonly secrets?: Readonly<Record<string, string>>
  /** Names of environment variables that its rewards need. */
  readonly variables?: readonly string[]
  /** Whether its rewards compare the rollouts of a group: each is then one of its own. */
  readonly grouped?: boolean
  readonly episodes: readonly PlannedEpisode[]
}

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at)
const say = (content: string): Turn => ({ content })
let made = 0
const call = (name: string, args: object): Turn => ({
  content: null,
  tool_calls: [{ id: `call-${String((made += 1))}`, name, arguments: args }],
})

const BOOKS = ['b01', 'b02', 'b03', 'b04', 'b05', 'b06', 'b07', 'b08']
const SHELVES = ['C4', 'C4', 'F1', 'F2', 'A7', 'A7', 'H3', 'H3']
const HIDDEN = [7, 42, 63, 18, 91, 55, 30, 77, 4, 88, 26, 69]
const WORDS = ['stone', 'river', 'lamp', 'orchard', 'kettle', 'winter', 'bridge', 'candle']
const BACKWARDS = ['enots', 'revir it is', 'pmal', 'drahcro', 'elttek?', 'winter', '', 'eldnac']
const CITIES = ['copper', 'herring', 'glass', 'paper', 'wool']
const PEOPLE = [120_000, 45_500, 8_200, 310_000, 2_950]

/** Right and wrong, malformed and cut off, with rewards on the way and reward functions that raise. */
export const FIXTURES: readonly Fixture[] = [
  {
    name: 'library-desk',
    native: 'ors',
    episodes: [
      ...range(8).map((index) => ({
        split: 'train',
        index,
        calls: [
          ['search', { author: 'a' }],
          ['look_up', { id: BOOKS[index] }],
          ['answer', { id: BOOKS[index], shelf: index % 3 === 0 ? 'Z9' : SHELVES[index] }],
        ] as const,
      })),
      ...range(4).map((index) => ({
        split: 'test',
        index,
        calls: [
          ...range(5).map(() => ['search', { author: 'Lind' }] as const),
          ['look_up', { id: 'no such book' }],
          ['look_up', {}],
          ['burn', {}],
          ['answer', { id: BOOKS[index * 2], shelf: SHELVES[index * 2] }],
        ] as const,
      })),
      { split: 'train', index: 0, calls: [['answer', { id: 'b08', shelf: 'H3', why: 'a guess' }]] },
    ],
  },
  {
    name: 'warehouse',
    native: 'ors',
    secrets: { WAREHOUSE_BADGE: 'night shift' },
    episodes: range(16).map((number) => ({
      split: number < 12 ? 'train' : 'validation',
      index: number < 12 ? number : number - 12,
      calls: [
        ['move', { crate: 'apples', to: 'roof' }],
        ['move', { crate: 'ghosts', to: 'dock' }],
        ...(number % 4 === 3
          ? (['apples', 'books', 'cables', 'dishes'] as const).map((crate) => ['rush', { crate }] as const)
          : (['apples', 'books', 'cables', 'dishes'] as const)
              .slice(0, number % 5)
              .map((crate) => ['move', { crate, to: 'dock' }] as const)),
        ['ask_code', {}],
        ['report', { text: `The code is WH${String((number * 37) % 1000).padStart(3, '0')}` }],
      ] as const,
    })),
  },
  {
    name: 'arithmetic',
    native: 'verifiers_v0',
    episodes: [
      ...range(16).map((index) => ({
        split: 'train',
        index,
        turns: [say(`<answer>${String(60 + index * 3)}</answer>`)],
      })),
      ...range(4).map((index) => ({
        split: 'eval',
        index,
        turns: [say(`I think it is <answer>${String(index)}</answer>`)],
      })),
      { split: 'train', index: 20, turns: [say('<answer>a dozen</answer>')] },
      { split: 'train', index: 21, turns: [say('')] },
      { split: 'train', index: 22, turns: [say('🙂 grüße 世界')] },
    ],
  },
  {
    name: 'shop-prices',
    native: 'verifiers_v0',
    episodes: [
      ...range(15).map((index) => ({
        split: 'train',
        index,
        turns: [
          call('price_of', { item: ['apple', 'bread', 'cheese', 'soap', 'tea'][index % 5] ?? '' }),
          call('exchange', { amount: 2.5 * (index + 1), currency: index % 2 === 0 ? 'krone' : 'dollar' }),
          say(`It costs ${(0.4 * (index + 1)).toFixed(2)}.`),
        ],
      })),
      { split: 'train', index: 0, turns: [say('0.40')] },
      {
        split: 'train',
        index: 1,
        turns: [call('price_of', { item: 'gold' }), call('no_such_tool', {}), say('5.50')],
      },
      {
        split: 'train',
        index: 2,
        turns: [
          call('exchange', { amount: 'much' }),
          call('exchange', { amount: 1, currency: 'yen' }),
          say('?'),
        ],
      },
      { split: 'train', index: 3, turns: range(5).map(() => call('price_of', { item: 'soap' })) },
    ],
  },
  {
    name: 'bank-teller',
    native: 'verifiers_v0',
    episodes: [
      ...range(16).map((index) => ({
        split: 'train',
        index,
        turns: [
          call('balance', { account: 'current' }),
          call('transfer', {
            source: 'current',
            target: 'loan',
            amount: 10 + 5 * ((index + (index % 4 === 0 ? 1 : 0)) % 7),
          }),
          say('Done.'),
        ],
      })),
      {
        split: 'train',
        index: 5,
        turns: [call('transfer', { source: 'loan', target: 'savings', amount: 5 }), say('Sorry.')],
      },
      {
        split: 'train',
        index: 6,
        turns: [call('transfer', { source: 'nowhere', target: 'loan', amount: 1 }), say('Sorry.')],
      },
    ],
  },
  {
    name: 'reversals',
    native: 'verifiers_v0',
    episodes: [
      ...range(8).map((index) => ({
        split: 'train',
        index,
        turns: [call('spell', { word: WORDS[index] }), say(BACKWARDS[index] ?? '')],
      })),
      ...range(2).map((index) => ({
        split: 'eval',
        index,
        turns: [say(['wodaem', 'a guess'][index] ?? '')],
      })),
      { split: 'train', index: 0, turns: range(4).map(() => call('spell', { word: 'on and on' })) },
      { split: 'train', index: 1, turns: [call('no_such_tool', {}), call('spell', {}), say('revir')] },
    ],
  },
  {
    name: 'number-quest',
    native: 'verifiers_v0',
    episodes: [
      ...range(12).map((index) => ({
        split: 'train',
        index,
        turns: [say('50'), say('Perhaps 25?'), say(`It is ${String(HIDDEN[index])}.`)],
      })),
      ...range(3).map((index) => ({
        split: 'train',
        index,
        turns: range(6).map((turn) => say(String(turn * 10 + index))),
      })),
      // The last allowed turn gets no reply: a right sixth answer is never noticed.
      { split: 'train', index: 3, turns: [...range(5).map((turn) => say(String(turn))), say('18')] },
      { split: 'train', index: 4, turns: [say('What?'), say('I give up.')] },
    ],
  },
  {
    name: 'city-facts',
    native: 'verifiers_v1',
    episodes: range(15).map((index) => ({
      split: 'train',
      index,
      turns: [
        say(
          index % 4 === 3
            ? 'I do not know.'
            : `It is known for ${CITIES[index % 5] ?? ''}, and ${String((PEOPLE[(index + (index % 2)) % 5] ?? 0) - index * 100)} people live there.`,
        ),
      ],
    })),
  },
  {
    name: 'name-contest',
    native: 'verifiers_v0',
    grouped: true,
    episodes: range(8).map((number) => ({
      split: 'train',
      index: number % 4,
      turns: [
        say(
          ['Brown Buns!', 'Brave New Books.', 'Lucky Locks.', 'Fine Fresh Flowers!'][(number * 3) % 4] ?? '',
        ),
      ],
    })),
  },
  {
    name: 'mixed-bag',
    native: 'verifiers_v0',
    episodes: [
      { split: 'train', index: 0, turns: [say('t-i-n')] },
      { split: 'train', index: 1, turns: [say('It is w-o-o-l, I think.')] },
      { split: 'train', index: 1, turns: [say('wool')] },
      { split: 'train', index: 2, turns: [say('2'), say('1')] },
      { split: 'train', index: 3, turns: [say('3'), say('1'), say('2'), say('1')] },
      { split: 'train', index: 3, turns: range(4).map(() => say('?')) },
    ],
  },
  {
    name: 'calculator',
    source: 'calculator',
    native: 'verifiers_v0',
    episodes: range(3).flatMap((index) => [
      {
        split: 'train',
        index,
        turns: [call('add', { a: [17, 140, 66][index], b: [25, 9, 66][index] }), say('42')],
      },
      { split: 'train', index, turns: [call('subtract', {}), say(['42', '149', '132'][index] ?? '')] },
    ]),
  },
]
