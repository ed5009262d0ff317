import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const ROOT = new URL('../', import.meta.url)
const SPEC = 'docs/spec/'
const ID = '[A-Z]{2}-\\d+[a-z]?'
const NOT_BUILT = 'Not built yet.'

const read = (file: string): string => readFileSync(new URL(file, ROOT), 'utf8')

/** Folders that hold what others made, or what was built. */
const SKIPPED = new Set(['node_modules', 'dist', '.git', '.venvs', 'runs', 'shared'])
const TEXT = /\.(?:[cm]?[jt]sx?|md|py|json|ya?ml|sh|html|css)$/

function filesBelow(folder: string): readonly string[] {
  return readdirSync(new URL(folder, ROOT), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}${entry.name}`
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : filesBelow(`${path}/`)
    return entry.isFile() && TEXT.test(entry.name) ? [path] : []
  })
}

/** This file shows ids as examples. */
const FILES = filesBelow('').filter((file) => file !== 'test/spec.test.ts')
const PAGES = readdirSync(new URL(SPEC, ROOT)).map((file) => SPEC + file)

interface Item {
  readonly id: string
  readonly page: string
  readonly paragraphs: readonly string[]
}

/** The items of a page: a heading that is an id, and the paragraphs below it. */
function itemsOf(page: string, text: string): readonly Item[] {
  return text
    .split(/^(?=#{1,6} )/m)
    .map((section) => section.trim().split(/\n{2,}/))
    .flatMap(([heading = '', ...paragraphs]) => {
      const id = new RegExp(`^### (${ID})$`).exec(heading)?.[1]
      return id === undefined ? [] : [{ id, page, paragraphs }]
    })
}

const isPlan = (paragraph: string): boolean => paragraph.replaceAll(/\s+/g, ' ').endsWith(NOT_BUILT)

/** Whether any part of an item is built. */
const isBuilt = ({ paragraphs }: Item): boolean => paragraphs.some((paragraph) => !isPlan(paragraph))

/** The ids in square brackets. */
function idsIn(text: string): readonly string[] {
  return [...text.matchAll(new RegExp(`\\[(${ID})\\]`, 'g'))].map(([, id = '']) => id)
}

/** Tests, what only tests use, and the contract suite, whose titles are those of tests. */
const isTest = (file: string): boolean =>
  /\.test\.ts$|(?:^|\/)test\/|^packages\/core\/src\/testing\//.test(file)

const ITEMS = PAGES.flatMap((page) => itemsOf(page, read(page)))
const DEFINED = new Set(ITEMS.map(({ id }) => id))
const USES = FILES.map((file) => ({ file, ids: idsIn(read(file)) })).filter(({ ids }) => ids.length > 0)

describe('the specification', () => {
  it('defines each id once', () => {
    const ids = ITEMS.map(({ id }) => id)
    expect(ids.length).toBeGreaterThan(90)
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([])
  })

  it('says something under each id', () => {
    expect(ITEMS.filter(({ paragraphs }) => paragraphs.length === 0).map(({ id }) => id)).toEqual([])
  })

  it('puts the mark for what is not built at the end of a paragraph', () => {
    const misplaced = ITEMS.flatMap(({ id, paragraphs }) =>
      paragraphs.filter((text) => /not built yet/i.test(text) && !isPlan(text)).map(() => id),
    )
    expect(misplaced).toEqual([])
  })

  it('defines every id that a file names', () => {
    expect(USES.filter(({ file }) => isTest(file)).length).toBeGreaterThan(100)
    const unknown = USES.flatMap(({ file, ids }) =>
      ids.filter((id) => !DEFINED.has(id)).map((id) => `${file}: [${id}]`),
    )
    expect(unknown).toEqual([])
  })

  it('is the only source that tests name in square brackets', () => {
    const elsewhere = FILES.filter((file) => file.endsWith('.ts')).flatMap((file) =>
      [
        ...read(file).matchAll(/\[(?:wire|ors|mcp|rfc|trl|verifiers) (?:§|quirk|chunking|\d)[^\]\n]*\]/gi),
      ].map(([reference]) => `${file}: ${reference}`),
    )
    expect(elsewhere).toEqual([])
  })

  it('has a test that names it for every item that is built', () => {
    const tested = new Set(USES.filter(({ file }) => isTest(file)).flatMap(({ ids }) => ids))
    expect(ITEMS.filter((item) => isBuilt(item) && !tested.has(item.id)).map(({ id }) => id)).toEqual([])
  })

  it('links only to pages and headings that exist', () => {
    const anchors = new Map(
      PAGES.map((page) => [
        page,
        new Set([...read(page).matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => anchorOf(text))),
      ]),
    )
    const broken = FILES.filter((file) => file.endsWith('.md')).flatMap((file) =>
      [...read(file).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
        .map(([link, path = '', anchor]) => {
          const target = path === '' ? file : new URL(path, new URL(file, ROOT)).href.slice(ROOT.href.length)
          return { link, target, anchor }
        })
        .filter(({ target }) => file.startsWith(SPEC) || target.startsWith(SPEC))
        .filter(({ target, anchor }) =>
          anchor === undefined
            ? !existsSync(new URL(target, ROOT))
            : anchors.get(target)?.has(anchor) !== true,
        )
        .map(({ link }) => `${file}: ${link}`),
    )
    expect(broken).toEqual([])
  })
})

describe('the check of the specification', () => {
  const PAGE =
    '# A page\n\n### OE-1\n\nIt is so.\n\nIt will be more. Not\nbuilt yet.\n\n## A subject\n\n### OE-2a\n\nIt will be. Not built yet.\n'

  it('reads ids, and what is built of them', () => {
    const items = itemsOf('page.md', PAGE)
    expect(items.map((item) => [item.id, isBuilt(item)])).toEqual([
      ['OE-1', true],
      ['OE-2a', false],
    ])
  })

  it('finds ids in titles and comments, and nothing else in brackets', () => {
    expect(idsIn('it("does this [OE-1][IM-20] [OE-6a]") // [a 3] [A-Z] [UTF-8x]')).toEqual([
      'OE-1',
      'IM-20',
      'OE-6a',
    ])
  })
})

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')
}
