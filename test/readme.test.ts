import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const ROOT = new URL('../', import.meta.url)
const read = (file: string) => readFileSync(new URL(file, ROOT), 'utf8')

/** Code in the README: its first line names the file that it is taken from. */
const BLOCKS = [...read('README.md').matchAll(/```(?:ts|python)\n(?:\/\/|#) (\S+)\n([^]*?)```/g)].map(
  ([, file = '', code = '']) => ({ file, code }),
)

describe('README.md', () => {
  it.each(BLOCKS)('shows what stands in $file, in its order', ({ file, code }) => {
    const lines = read(file).split('\n')
    for (const line of code.split('\n').filter((text) => text !== '')) {
      const found = lines.indexOf(line)
      expect(
        found,
        `${file} has no line ${JSON.stringify(line)} after the lines before`,
      ).toBeGreaterThanOrEqual(0)
      lines.splice(0, found + 1)
    }
  })

  it('takes all its code from files that run', () => {
    expect(BLOCKS).toHaveLength([...read('README.md').matchAll(/^```(?:ts|python)$/gm)].length)
  })

  it('links only to what is there', () => {
    const links = [...read('README.md').matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path = '']) => path)
    expect(links.length).toBeGreaterThan(3)
    for (const path of links) expect(() => readFileSync(new URL(path, ROOT)), path).not.toThrow(/ENOENT/)
  })
})
