// A test of an environment is one line: schemas, determinism, replay, fork, lifecycle, bad input.
import { checkEnvironment } from '@openenv-ts/core/testing'
import { test } from 'vitest'
import guess from './guess.ts'

test('guess keeps the contract', () => checkEnvironment(guess))
