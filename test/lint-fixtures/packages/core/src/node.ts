import { readFileSync } from 'node:fs'

/** Reads a file; this module is for Node only. */
export const text = readFileSync('x', 'utf8')
