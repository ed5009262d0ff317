import { fileURLToPath } from 'node:url'

/** An importer as a third party writes one. */
export const WORD_GAMES = fileURLToPath(new URL('../../importer/test/word-games.ts', import.meta.url))

/** A source that would be noticed if anybody ran it. */
export const SOURCE = {
  'source/maze.py': '# word game: Maze\nopen("ran", "w")\nraise SystemExit("ran")\n',
  'source/.env': 'KEY=1',
}

/** Arguments that import it. Each option once, as the command wants it: what is given here replaces what tests share. */
export function importing(...more: readonly string[]): readonly string[] {
  const shared = { '--name': 'maze', '--output-dir': 'out' }
  const options = Object.entries(shared).filter(([option]) => !more.includes(option))
  return ['import', './source', ...options.flat(), '--importer', WORD_GAMES, ...more]
}
