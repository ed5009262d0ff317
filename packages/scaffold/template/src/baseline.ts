import type { CipherAction, CipherObservation } from './environment.ts'

/** The commonest letters of English. */
const COMMON = 'etaoinshr'

/** Turns the alphabet until common letters are most: right for ordinary sentences, wrong for unusual ones. */
export function baseline({ cipher }: CipherObservation): CipherAction {
  const turned = Array.from({ length: 26 }, (_, by) => turn(cipher, by))
  return { text: turned.reduce((best, text) => (commonIn(text) > commonIn(best) ? text : best)) }
}

function turn(text: string, by: number): string {
  return text.replaceAll(/[a-z]/g, (letter) =>
    String.fromCharCode(((letter.charCodeAt(0) - 97 + by) % 26) + 97),
  )
}

function commonIn(text: string): number {
  return Array.from(text).filter((letter) => COMMON.includes(letter)).length
}
