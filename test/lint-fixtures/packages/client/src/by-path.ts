import { text } from '../../core/src/node.ts'

/** Imported by path and not by name. */
export const copy = text
