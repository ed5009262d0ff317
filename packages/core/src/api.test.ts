import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const source = dirname(fileURLToPath(import.meta.url))

/** Every name that an entry exports, types included. */
function namesOf(entry: string): readonly string[] {
  const text = readFileSync(resolve(source, entry), 'utf8')
  const lists = [...text.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, list = '']) =>
    list.split(','),
  )
  const named = lists.map((name) => name.trim().replace(/^type /, '')).filter((name) => name !== '')
  const declared = [...text.matchAll(/^export (?:async )?(?:function|const|interface|type|class) (\w+)/gm)]
  return [...new Set([...named, ...declared.map(([, name = '']) => name)])].sort()
}

/** All files that an entry reaches by relative imports, and what else they import. */
function reachOf(entry: string): {
  readonly files: ReadonlySet<string>
  readonly packages: ReadonlySet<string>
} {
  const files = new Set<string>()
  const packages = new Set<string>()
  const visit = (file: string): void => {
    if (files.has(file)) return
    files.add(file)
    for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export|\}).* from '([^']+)'$/gm,
    )) {
      if (from.startsWith('.')) visit(resolve(dirname(file), from))
      else packages.add(from)
    }
  }
  visit(resolve(source, entry))
  return { files, packages }
}

describe('what the package promises', () => {
  it.each(['index.ts', 'testing/index.ts', 'node.ts', 'wire/index.ts'])('%s exports these names', (entry) => {
    expect(namesOf(entry)).toMatchSnapshot()
  })

  it('says the same as the modules do', async () => {
    const entries = {
      'index.ts': await import('./index.ts'),
      'testing/index.ts': await import('./testing/index.ts'),
    }
    for (const [entry, module] of Object.entries(entries)) {
      expect(namesOf(entry)).toEqual(expect.arrayContaining(Object.keys(module)))
      expect(module).not.toHaveProperty('default')
    }
  })
})

describe('safe in a browser', () => {
  it.each(['index.ts', 'testing/index.ts', 'wire/index.ts'])(
    '%s reaches nothing of Node, and only its dependencies',
    (entry) => {
      const { files, packages } = reachOf(entry)
      const allowed = /^(zod|pure-rand\/.+|fastest-levenshtein)$/
      expect([...packages].filter((name) => !allowed.test(name))).toEqual([])
      expect([...files].filter((file) => file.endsWith('/node.ts'))).toEqual([])
      expect(files.size).toBeGreaterThan(3)
    },
  )

  it('keeps what needs Node at its own entry', () => {
    expect([...reachOf('node.ts').packages]).toContain('node:fs')
  })
})
