import { expect, it } from 'vitest'
import { manualClock, systemClock } from './clock.ts'

it('moves a manual clock only when told to', () => {
  const clock = manualClock(1000)
  expect(clock.now()).toBe(1000)
  clock.advance(250)
  expect(clock.now()).toBe(1250)
  expect(manualClock().now()).toBe(Date.UTC(2026, 0, 1))
})

it('reads the machine in milliseconds', () => {
  const before = Date.now()
  const now = systemClock.now()
  expect(now >= before && now <= Date.now()).toBe(true)
})
