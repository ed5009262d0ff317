import { expect, it } from 'vitest'
import { didYouMean } from './did-you-mean.ts'

const KNOWN = ['baseline', 'oracle', 'noop', 'model']

it.each([
  ['basline', 'baseline'],
  ['Oracle', 'oracle'],
  ['nopo', 'noop'],
  ['modle', 'model'],
])('takes %s for %s', (word, meant) => {
  expect(didYouMean(word, KNOWN)).toBe(` Did you mean "${meant}"?`)
})

it.each(['', 'x', 'anything', 'nothing-like-it'])('says nothing about %j', (word) => {
  expect(didYouMean(word, KNOWN)).toBe('')
})
