import { escapeControls } from '@openenv-ts/core/host'
import fc from 'fast-check'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { folder } from '../test/folder.ts'
import { HOSTILE, hostileSource, MARK } from '../test/hostile-source.ts'
import { planImport } from './import.ts'
import { builtInRegistry } from './registry.ts'
import { findingLine } from './source/finding.ts'

const KINDS = ['ors', 'verifiers'] as const

/** What an import generates beside the copy of the source, and the lines that it reports. */
async function generated(kind: (typeof KINDS)[number], text: string) {
  using place = folder(hostileSource(kind, text))
  const {
    files,
    findings,
    bases,
    generated: environment,
  } = await planImport({
    name: 'quiet',
    places: { source: place.path, destination: `${place.path}-out/quiet` },
    importers: builtInRegistry().importers,
    type: kind,
    resolve: () => Promise.resolve(null),
  })
  const own = [...files].flatMap(([path, content]) =>
    typeof content === 'string' ? [[path, content] as const] : [],
  )
  return { files: new Map(own), findings, bases, environment }
}

const plain = { ors: await generated('ors', ''), verifiers: await generated('verifiers', '') }

/** The kinds of all nodes in order, and the code with its texts taken out. */
function anatomy(path: string, code: string): { readonly faults: number; readonly code: string } {
  const file = ts.createSourceFile(path, code, ts.ScriptTarget.Latest, true) as ts.SourceFile & {
    readonly parseDiagnostics: readonly unknown[]
  }
  const spans: (readonly [number, number])[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node)) spans.push([node.getStart(), node.getEnd()])
    ts.forEachChild(node, visit)
  }
  visit(file)
  const without = spans
    .reverse()
    .reduce((left, [from, to]) => `${left.slice(0, from)}''${left.slice(to)}`, code)
  return { faults: file.parseDiagnostics.length, code: without }
}

async function expectHarmless(kind: (typeof KINDS)[number], text: string): Promise<void> {
  const { files, findings } = await generated(kind, text)
  const { files: usual } = plain[kind]
  expect([...files.keys()]).toEqual([...usual.keys()])
  for (const [path, content] of files) {
    // No byte of it acts on what shows it.
    expect(escapeControls(content), path).toBe(content)
    if (path.endsWith('.ts')) {
      const { faults, code } = anatomy(path, content)
      expect(faults, `${path}\n${content}`).toBe(0)
      expect(code, path).not.toContain(MARK)
    } else if (path.endsWith('.json')) {
      const read = JSON.parse(content) as Readonly<Record<string, unknown>>
      expect(Object.keys(read), path).toEqual(Object.keys(JSON.parse(usual.get(path) ?? '') as object))
      if (path === 'package.json')
        expect({ ...read, description: '' }).toEqual({
          ...JSON.parse(usual.get(path) ?? ''),
          description: '',
        })
    } else if (path === 'openenv.yaml') {
      const lines = (yaml = '') => yaml.split('\n').map((line) => line.replace(/^description: .*/, ''))
      expect(lines(content)).toEqual(lines(usual.get(path)))
    } else if (path === 'README.md') {
      for (const line of content.split('\n').filter((each) => each.includes(MARK)))
        // Apart from names in code, escaped characters and the list's own mark, it has nothing that Markdown reads.
        expect(line.replace(/^- /, '').replaceAll(/`[\w./]+`|\\[\\`*_[\]<>#|!~]/g, '')).not.toMatch(
          /[`*_[\]<>|~\\]|^#/,
        )
    } else expect(content, path).toBe(usual.get(path))
    expect(Math.max(...content.split('\n').map((line) => line.length)), path).toBeLessThan(10_000)
  }
  for (const finding of findings) expect(escapeControls(findingLine(finding))).toMatch(/^[^\n]{1,3000}$/)
  for (const finding of findings) expect(findingLine(finding)).toBe(escapeControls(findingLine(finding)))
}

describe.each(KINDS)('a source of %s that says something hostile everywhere', (kind) => {
  it.each(HOSTILE.map((text) => [text.slice(0, 30), text]))(
    'gets it into generated files as a text only: %j',
    (_, text) => expectHarmless(kind, text),
  )

  it('whatever it is', async () => {
    const piece = fc.oneof(
      fc.constantFrom(...HOSTILE.slice(0, -1)),
      fc.string({ unit: 'binary', maxLength: 4 }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), (pieces) =>
        expectHarmless(kind, pieces.join('').replaceAll(/\p{Cs}/gu, '')),
      ),
      { numRuns: 20 },
    )
  })
})
