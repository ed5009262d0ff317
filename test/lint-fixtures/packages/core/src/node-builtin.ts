import { readFileSync } from 'node:fs'

/** Reads a file where there may be none. */
export const text = readFileSync('x', 'utf8')
