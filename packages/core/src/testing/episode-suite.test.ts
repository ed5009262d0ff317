import { describe, expect, it } from 'vitest'
import guess from '@openenv-ts/examples/guess.ts'
import type { AnyEnvironment } from '../environment.ts'
import { openLocal } from '../local.ts'
import { counter } from './counter.ts'
import { episodeSuite } from './episode-suite.ts'

for (const environment of [counter, guess] as readonly AnyEnvironment[]) {
  describe(`a local episode of ${environment.name}`, () => {
    for (const { name, run } of episodeSuite(environment, () => openLocal(environment)))
      it(name, () => expect(run()).resolves.toBeUndefined())
  })
}
