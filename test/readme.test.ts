import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fencesOf, stepsOf, unprovokedItemsOf } from '../docs/page.mjs'

const ROOT = new URL('../', import.meta.url)
const read = (file: string) => readFileSync(new URL(file, ROOT), 'utf8')

const PAGES = [
  'README.md',
  ...readdirSync(new URL('docs/', ROOT))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
]
const DOCS = PAGES.filter((page) => page !== 'README.md')
/** A page of promises has tests in place of commands. */
const SECURITY = 'docs/security.md'

/** Code names the file that it is taken from: in its first line, or JSON after the name of its language. */
const CODE = PAGES.flatMap((page) =>
  fencesOf(read(page)).flatMap(({ language, info, body, line }) => {
    if (language === 'console') return []
    const [first = '', ...rest] = body.split('\n')
    const named = /^(?:\/\/|#) (\S+)$/.exec(first)?.[1]
    const file = language === 'json' ? info : (named ?? '')
    return [{ page, line, file, code: language === 'json' ? body : rest.join('\n') }]
  }),
)

describe('the pages', () => {
  it.each(CODE)('$page:$line shows what stands in $file, in its order', ({ file, code }) => {
    // A page shows the inside of a loop without its margin.
    const lines = read(file)
      .split('\n')
      .map((text) => text.trim())
    for (const line of code
      .split('\n')
      .map((text) => text.trim())
      .filter((text) => text !== '')) {
      const found = lines.indexOf(line)
      expect(
        found,
        `${file} has no line ${JSON.stringify(line)} after the lines before`,
      ).toBeGreaterThanOrEqual(0)
      lines.splice(0, found + 1)
    }
  })

  it.each(DOCS.filter((page) => page !== SECURITY))(
    '%s runs the files that its code is taken from',
    (page) => {
      const commands = stepsOf(read(page)).map(({ command }) => command)
      expect(commands.length).toBeGreaterThan(2)
      for (const { file } of CODE.filter((code) => code.page === page)) {
        expect(
          commands.some((command) => command.includes(file)),
          `no command runs ${file}`,
        ).toBe(true)
      }
    },
  )

  it('name a test that exists for every promise of security', () => {
    const rows = read(SECURITY)
      .split('\n')
      .filter((line) => line.startsWith('|') && !/^\| *(?:promise|-+) *\|/.test(line))
      .map((line) => line.split('|').map((cell) => cell.trim()))
    expect(rows.length).toBeGreaterThan(20)
    for (const [, promise = '', , test = ''] of rows) {
      const files = [...test.matchAll(/`([\w./-]+\.ts)`/g)].map(([, file = '']) => file)
      expect(files, promise).not.toEqual([])
      for (const file of files) expect(existsSync(new URL(file, ROOT)), `${promise}: ${file}`).toBe(true)
    }
  })

  it.each(DOCS)('%s lists no error that is not provoked', (page) => {
    expect(unprovokedItemsOf(read(page))).toEqual([])
  })

  it.each(PAGES)('%s links only to what is there', (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path = '']) => path)
    const missing = links.filter((path) => !existsSync(new URL(path, new URL(page, ROOT))))
    expect(missing).toEqual([])
  })

  it('take a reader from the README to every page', () => {
    for (const page of DOCS) expect(read('README.md')).toContain(`](${page})`)
  })
})
