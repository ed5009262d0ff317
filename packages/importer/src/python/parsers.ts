import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Parser as TreeParser, Tree } from 'web-tree-sitter'
import type * as Ruff from '@astral-sh/ruff-wasm-nodejs'
import { asciiForm } from './ascii-form.ts'
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
/** Starting the checker again takes half a second: a source that breaks it more often is checked by the other parser alone. */
const MOST_RESTARTS = 10

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
  parser.setLanguage(await Language.load(grammarPath()))
  const checker = syntaxChecker(require, (text) => structureFault(parser, text))
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

/** Python's grammar: packed with this package (`copy-grammar.mjs`), and in the repository where npm installed it. */
function grammarPath(): string {
  const packed = fileURLToPath(new URL('../../grammar/tree-sitter-python.wasm', import.meta.url))
  if (existsSync(packed)) return packed
  return createRequire(import.meta.url).resolve('tree-sitter-python/tree-sitter-python.wasm')
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

/** What the parser of structures says of a text: less exact than the checker, and never gone. */
function structureFault(parser: TreeParser, text: string): SyntaxFault | null {
  const tree = treeOf(parser, text)
  try {
    return tree === null || tree.rootNode.hasError
      ? { line: null, message: 'Its structure has faults.' }
      : null
  } finally {
    tree?.delete()
  }
}

function syntaxChecker(require: NodeJS.Require, otherwise: Parsers['faultOf']): Parsers['faultOf'] {
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
    if (workspace === null && restarts > MOST_RESTARTS) return otherwise(text)
    workspace ??= start()
    const checker = workspace
    try {
      return quietly(() => faultIn(checker, asciiForm(text)))
    } catch (error) {
      // Its stack overflowed, or it panicked. Its memory is not to be trusted after that: the next file gets a fresh copy.
      restarts += 1
      workspace = null
      Reflect.deleteProperty(require.cache, require.resolve(name))
      return {
        line: null,
        message:
          error instanceof RangeError
            ? 'Nested too deeply to be read.'
            : 'The parser broke down over this file.',
      }
    }
  }
}

function faultIn(workspace: Ruff.Workspace, text: string): SyntaxFault | null {
  if (isPython(workspace, text)) return null
  const found = workspace.check(text) as Ruff.Diagnostic[]
  const first = found.find(({ code }) => code === 'invalid-syntax')
  return first === undefined ? null : { line: first.start_location.row, message: `${first.message}.` }
}

/** Without what the checker says by itself when it panics: its stack, on stderr. */
function quietly<T>(work: () => T): T {
  const restored = Object.getOwnPropertyDescriptor(globalThis.console, 'error') ?? {}
  globalThis.console.error = () => undefined
  try {
    return work()
  } finally {
    Object.defineProperty(globalThis.console, 'error', restored)
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
