import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MUTATIONS } from '../mutations/mutations.ts'
import { RepositoryCopy } from '../mutations/repository-copy.ts'

// A test that no fault can turn red proves nothing. Each one that INVARIANTS.md names is tried on a fault of its kind.
describe('a test that holds an invariant fails when the invariant is broken', () => {
  let copy: RepositoryCopy
  beforeAll(async () => {
    copy = await RepositoryCopy.create()
  })
  afterAll(() => copy[Symbol.asyncDispose]())

  it.each(MUTATIONS.map((mutation) => ({ mutation, ...mutation.test })))(
    '$file: $title',
    async ({ mutation }) => {
      const sound = await copy.runTest(mutation)
      expect(sound.failed, sound.output).toBe(0)
      expect(sound.passed, `no such test ran: ${sound.output}`).toBeGreaterThan(0)
      const broken = await copy.tryMutation(mutation)
      expect(broken.failed, `green although ${mutation.source} is broken: ${broken.output}`).toBeGreaterThan(
        0,
      )
    },
  )
})
