import { expect, it } from 'vitest'

it('adds', () => {
  void [1, 2].map((number) => number + 1)
})

it.each([1, 2])('adds to %s', (number) => {
  void [number].map((each) => each + 1)
})

it('asserts', () => {
  expect([1, 2]).toHaveLength(2)
})
