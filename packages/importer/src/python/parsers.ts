import { createRequire } from 'node:module'
import type { Parser as TreeParser, Tree } from 'web-tree-sitter'
import type * as Ruff from '@astral-sh/ruff-wasm-nodejs'
import { bracketDepth } from './bracket-depth.ts'

/** A syntax error, or what else keeps a file from being Python. */
export interface SyntaxFault {
  /** From 1. */
  readonly line: number | null
  readonly message: string
}

/** The two parsers: one that says what is wrong, one that shows the structure. Neither runs anything. */
export interface Parsers {
  /** The first thing that is wrong with a module's text; null for Python. Never throws. */
  faultOf(text: string): SyntaxFault | null
  /** The syntax tree of a module, to be given back by its `delete`; null where there is none. Never throws. */
  treeOf(text: string): Tree | null
}

/** Python's own limit on brackets inside brackets. */
const MOST_BRACKETS = 200
/** Starting the checker again takes half a second, so a source that breaks it over and over gets no further checks. */
const MOST_RESTARTS = 3

let loading: Promise<Parsers> | undefined

/** Loads both parsers, once for the process; about half a second. */
export function loadParsers(): Promise<Parsers> {
  loading ??= load()
  return loading
}

async function load(): Promise<Parsers> {
  const { Language, Parser } = await import('web-tree-sitter')
  await Parser.init()
  const require = createRequire(import.meta.url)
  const parser = new Parser()
  parser.setLanguage(await Language.load(require.resolve('tree-sitter-python/tree-sitter-python.wasm')))
  const checker = syntaxChecker(require)
  return {
    faultOf: (text) => {
      const depth = bracketDepth(text)
      if (depth > MOST_BRACKETS) {
        const most = String(MOST_BRACKETS)
        return { line: null, message: `Brackets nested ${String(depth)} deep: Python takes ${most}.` }
      }
      return checker(text)
    },
    treeOf: (text) => treeOf(parser, text),
  }
}

function treeOf(parser: TreeParser, text: string): Tree | null {
  try {
    return parser.parse(text)
  } catch {
    // An allocation that failed, in a memory of the parser's own.
    parser.reset()
    return null
  }
}

function syntaxChecker(require: NodeJS.Require): Parsers['faultOf'] {
  const name = '@astral-sh/ruff-wasm-nodejs'
  const start = (): Ruff.Workspace => {
    const ruff = require(name) as typeof Ruff
    return new ruff.Workspace(
      { lint: { select: [] }, 'target-version': 'py314' },
      ruff.PositionEncoding.Utf16,
    )
  }
  let workspace: Ruff.Workspace | null = start()
  let restarts = 0
  return (text) => {
    if (workspace === null) return null
    try {
      if (isPython(workspace, text)) return null
      const found = workspace.check(text) as Ruff.Diagnostic[]
      const first = found.find(({ code }) => code === 'invalid-syntax')
      return first === undefined ? null : { line: first.start_location.row, message: `${first.message}.` }
    } catch {
      // Its stack overflowed, or it panicked. Its memory is not to be trusted after that: a fresh copy takes its place.
      restarts += 1
      Reflect.deleteProperty(require.cache, require.resolve(name))
      workspace = restarts > MOST_RESTARTS ? null : start()
      return { line: null, message: 'Nested too deeply to be read.' }
    }
  }
}

/** Whether a text parses: its comments are asked for, since that parses and does nothing else. */
function isPython(workspace: Ruff.Workspace, text: string): boolean {
  try {
    workspace.comments(text)
    return true
  } catch (error) {
    // Anything but the parser's own word is for the caller.
    if (error instanceof RangeError || (error instanceof Error && error.name === 'RuntimeError')) throw error
    return false
  }
}
