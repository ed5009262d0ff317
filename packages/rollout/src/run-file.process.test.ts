import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { expectNothingOutside, NAMES } from '../test/stopped-run.ts'

it.each(NAMES)(
  'a run folder of a stranger with a pipe for %s reaches nothing outside, and waits for nothing',
  async (name) => {
    expect.hasAssertions()
    await expectNothingOutside(name, (path) => Promise.resolve(execFileSync('mkfifo', [path])))
  },
)
