import type { EntryPoint, EnvironmentImporter } from '../src/importer.ts'

// An importer as a third party writes one: files that say `# word game: NAME` become environments, with a tool that spells the name.
const GAME = /^# word game: (\w+)$/m

export const wordGames: EnvironmentImporter = {
  sourceType: 'word-games',
  version: '1.2.3',

  detect: ({ tree }) => {
    const entryPoints = tree.files.flatMap(({ path }) => {
      const name = path.endsWith('.py') ? GAME.exec(tree.read(path).toString('utf8'))?.[1] : undefined
      const module = path.replace(/\.py$/, '').replaceAll('/', '.')
      return name === undefined ? [] : [{ module, name, file: path, line: 1, kind: 'word-game' }]
    })
    const isBase = ({ name }: EntryPoint) => name.startsWith('Base')
    return Promise.resolve({
      entryPoints: entryPoints.filter((each) => !isBase(each)),
      bases: entryPoints.filter(isBase).map((each) => ({ ...each, why: 'has no words' })),
      findings: [],
    })
  },

  generate: (_source, { name, file }, request) => {
    if (name === 'Broken') return Promise.reject(new Error(`${file} has no words.`))
    const requirements = name === 'Unresolvable' ? ['openenv-no-such-package-anywhere>=7'] : ['six>=1.16']
    return Promise.resolve({
      description: `Spell ${name}.`,
      wrapper: wrapperOf(request.name, name),
      python: { requires: '>=3.11', requirements },
      dependencies: {},
      sessions: { mode: 'shared', why: [{ file, line: 1, message: 'Nothing in the module is written to.' }] },
      secrets: ['WORDS_KEY'],
      notes: ['One tool, `spell`.'],
      findings: [{ file, line: 2, message: 'An index option is not followed.' }],
    })
  },
}

function wrapperOf(name: string, word: string): string {
  return `import { defineToolEnvironment, taskList } from '@openenv-ts/core'
import { z } from 'zod'

export default defineToolEnvironment({
  name: '${name}',
  description: 'Spell ${word}.',
  version: '0.1.0',
  tasks: taskList({ train: [{ id: 'train/0', word: '${word}' }] }, { publish: ({ word }) => ({ word, secret: 'marker-9000' }) }),
  open: () => ({ right: false }),
  tools: {
    spell: {
      description: 'Say the word.',
      input: z.strictObject({ word: z.string() }),
      final: true,
      run: (world, { word }) => (world.right = word === '${word}'),
    },
  },
  prompt: () => 'Spell ${word}.',
  rubric: { right: ({ right }) => right },
  deterministic: true,
})
`
}
