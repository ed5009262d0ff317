import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const ROOT = new URL('../', import.meta.url)

interface Entry {
  /** As an import writes it. */
  readonly specifier: string
  readonly file: string
}

/** Every module that a package lets others import. */
function entriesOf(folder: string): readonly Entry[] {
  const home = new URL(`packages/${folder}/`, ROOT)
  const { name, exports } = JSON.parse(readFileSync(new URL('package.json', home), 'utf8')) as {
    readonly name: string
    readonly exports: Readonly<Record<string, string | { readonly '@openenv-ts/source'?: string }>>
  }
  return Object.entries(exports).flatMap(([subpath, target]) => {
    const source = typeof target === 'string' ? undefined : target['@openenv-ts/source']
    if (source === undefined) return []
    return [{ specifier: name + subpath.slice(1), file: fileURLToPath(new URL(source, home)) }]
  })
}

const PACKAGES = readdirSync(new URL('packages/', ROOT)).map((folder) => ({
  folder,
  entries: entriesOf(folder),
}))

// Names and members are all that is asked: nothing has to be checked, and no library has to be read.
const program = ts.createProgram({
  rootNames: PACKAGES.flatMap(({ entries }) => entries.map(({ file }) => file)),
  options: {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    customConditions: ['@openenv-ts/source'],
    allowImportingTsExtensions: true,
    noEmit: true,
    noLib: true,
    types: [],
  },
})
const checker = program.getTypeChecker()

/** Whether an export is a type, though there is a value of its name. */
function isTypeOnly({ declarations = [] }: ts.Symbol): boolean {
  return declarations.some(
    (declared) =>
      ts.isExportSpecifier(declared) && (declared.isTypeOnly || declared.parent.parent.isTypeOnly),
  )
}

/** What an export is, with the members that its users may touch. */
function described(symbol: ts.Symbol): string {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const flags = isTypeOnly(symbol) ? target.flags & ~ts.SymbolFlags.Value : target.flags
  const members = [...(target.members?.values() ?? [])]
    .filter((member) => !(member.flags & (ts.SymbolFlags.TypeParameter | ts.SymbolFlags.Constructor)))
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('__#'))
    .map((name) => (name.startsWith('__@') ? `[${name.replace(/^__@(\w+?)(?:@\d+)?$/, '$1')}]` : name))
    .sort()
  const shown = members.length === 0 ? '' : ` { ${members.join(', ')} }`
  const kind =
    flags & ts.SymbolFlags.Class
      ? 'class'
      : flags & ts.SymbolFlags.Function
        ? 'function'
        : flags & ts.SymbolFlags.Variable
          ? 'const'
          : flags & ts.SymbolFlags.Interface
            ? 'interface'
            : 'type'
  return `${kind} ${symbol.name}${flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface) ? shown : ''}`
}

function surfaceOf({ specifier, file }: Entry): string {
  const source = program.getSourceFile(file)
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source)
  if (module === undefined) return `${specifier}\n`
  const lines = checker.getExportsOfModule(module).map(described)
  return [specifier, ...lines.sort().map((line) => `  ${line}`), ''].join('\n')
}

describe('the public face', () => {
  it.each(PACKAGES)(
    'of $folder is what was agreed: a change is seen in review',
    async ({ folder, entries }) => {
      const surface = entries.map(surfaceOf).join('\n')
      await expect(surface).toMatchFileSnapshot(`api/${folder}.txt`)
    },
  )

  it.each(PACKAGES.flatMap(({ entries }) => entries))(
    'of $specifier is what the module gives when it runs',
    async (entry) => {
      const values = surfaceOf(entry)
        .split('\n')
        .flatMap((line) => /^ {2}(?:class|function|const) (\w+)/.exec(line)?.[1] ?? [])
      const module = (await import(entry.file)) as object
      expect(Object.keys(module).sort()).toEqual(values.sort())
    },
  )
})
