import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AnyEnvironment } from '@openenv-ts/core'
import { counter, episodeSuite } from '@openenv-ts/core/testing'
import { echo } from '@openenv-ts/echo'
import { emailTriage } from '@openenv-ts/email-triage'
import guess from '@openenv-ts/examples/guess.ts'
import { isolate, KINDS } from '../../test/isolation/isolate.ts'
import { ledger } from '../../test/isolation/ledger.ts'
import type { Isolation } from './isolation.ts'

const SUBJECTS: readonly (readonly [module: string, environment: AnyEnvironment])[] = [
  ['@openenv-ts/echo', echo],
  ['./counter.ts', counter],
  ['@openenv-ts/examples/guess.ts', guess],
  ['@openenv-ts/email-triage', emailTriage],
  ['./ledger.ts', ledger],
]

for (const kind of KINDS) {
  describe.each(SUBJECTS)(`an episode isolated by ${kind} of %s`, (module, environment) => {
    let isolation: Isolation
    beforeAll(async () => {
      isolation = await isolate(kind, module)
    })
    afterAll(() => isolation.close())
    for (const { name, run } of episodeSuite(environment, () => isolation.openEpisode()))
      it(name, () => expect(run()).resolves.toBeUndefined())
  })
}
