/** The right answer to every task, by its id. Only grade.ts and oracle.ts may import this: the linter sees to it. */
export const GOLD: Readonly<Record<string, string>> = {
  harbour: 'the ship leaves the harbour at dawn',
  bread: 'fresh bread is sold in the small shop near the station',
  letters: 'she writes a letter to her sister every sunday evening',
  jazz: 'jazz quiz: fix my vinyl player',
  rain: 'it has been raining since the end of october',
  lynx: 'a lynx jumps; zig, zag, fly by',
}
