import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { MUTATIONS } from './mutations/mutations.ts'

const ROOT = new URL('../', import.meta.url)
const SECTIONS = readFileSync(new URL('INVARIANTS.md', ROOT), 'utf8').split(/^## /m).slice(1)

/** A named test: `- \`path\`: title`. */
const NAMED = /^- `([^`]+)`: (.+)$/gm

describe.each(SECTIONS.map((text) => ({ title: text.slice(0, text.indexOf('\n')), text })))(
  '$title',
  ({ text }) => {
    const named = [...text.matchAll(NAMED)].map(([, file = '', title = '']) => ({ file, title }))

    it('names a test', () => {
      expect(named.length).toBeGreaterThan(0)
    })

    it.each(named)('is enforced in $file: $title', ({ file, title }) => {
      const source = readFileSync(new URL(file, ROOT), 'utf8')
      // The title as the first argument of a call that is not switched off, or as the key of a suite.
      const escaped = title.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')
      const call = new RegExp(`(?:(?<!\\.(?:skip|todo))\\(\\s*|^\\s*)(['"\`])${escaped}\\1`, 'm')
      expect(call.test(source), `${file} has no test of this title`).toBe(true)
    })

    it.each(named)('is proven able to fail by a mutation: $file: $title', ({ file, title }) => {
      expect(MUTATIONS.map(({ test }) => test)).toContainEqual({ file, title })
    })
  },
)

it('every mutation is of a test that an invariant names', () => {
  const named = new Set(SECTIONS.flatMap((text) => [...text.matchAll(NAMED)].map((match) => match[0])))
  for (const { test } of MUTATIONS) expect(named).toContain(`- \`${test.file}\`: ${test.title}`)
  expect.hasAssertions()
})

it('every mutation changes a text that stands in its source exactly once', () => {
  for (const { source, find, replace } of MUTATIONS) {
    expect(readFileSync(new URL(source, ROOT), 'utf8').split(find), `${source}: ${find}`).toHaveLength(2)
    expect(replace).not.toBe(find)
  }
  expect.hasAssertions()
})
