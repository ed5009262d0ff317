import { afterEach, expect } from 'vitest'

// A loop over nothing, a callback that is never called: such a test passes whatever the code does.
afterEach(({ task }) => {
  const { assertionCalls, testPath = '' } = expect.getState()
  // Examples show what a newcomer writes: one call, which throws.
  if (assertionCalls > 0 || task.result?.state === 'fail' || testPath.includes('/examples/')) return
  throw new Error('This test made no assertion, so it cannot fail.')
})
