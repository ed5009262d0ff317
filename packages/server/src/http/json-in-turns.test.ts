import fc from 'fast-check'
import { expect, it } from 'vitest'
import { encodedInTurns, jsonInTurns } from './json-in-turns.ts'

it('a value is written in turns as it is written at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.boolean(), async (value, large) => {
      const shared = { content: [value], structuredContent: { value }, data: { value } }
      const twice = { result: { ...shared, again: shared.structuredContent, absent: undefined } }
      for (const each of [value, twice]) expect(await jsonInTurns(each, large)).toBe(JSON.stringify(each))
    }),
  )
})

it('others have their turn between the parts of a large value', async () => {
  const text = 'x'.repeat(200_000)
  let turns = 0
  const beat = setInterval(() => (turns += 1))
  await jsonInTurns({ result: { content: [{ text }], structuredContent: { text }, data: { text } } }, true)
  clearInterval(beat)
  expect(turns).toBeGreaterThan(1)
})

it('a text is encoded piece by piece, whatever characters stand where it is cut', async () => {
  for (const text of ['', 'é', '😀'.repeat(200_000), `x${'😀'.repeat(200_000)}`, 'ab\ud800']) {
    const bytes = await new Response(encodedInTurns(text)).arrayBuffer()
    expect(new TextDecoder().decode(bytes)).toBe(new TextDecoder().decode(new TextEncoder().encode(text)))
  }
})
