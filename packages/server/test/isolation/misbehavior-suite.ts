import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LocalEpisode } from '@openenv-ts/core'
import type { Isolation, IsolationKind } from '../../src/isolation/isolation.ts'
import { isolate, KINDS } from './isolate.ts'
import type { Way } from './misbehaving.ts'

/** A way to end one's own executor in the middle of a call, and what the episode's owner is told of it. */
interface Offense {
  readonly way: Way
  readonly code: 'TIMEOUT' | 'EXECUTION_ERROR'
  readonly says: (kind: IsolationKind) => string
  readonly kinds?: readonly IsolationKind[]
}

const STEP_SECONDS = 1.5
const MEMORY_MB = 64

/** Which of the offenses are tried, where not all of them are: every test costs an executor or the time of a step. */
export interface Sample {
  readonly steps: readonly Way[]
  readonly resets: readonly Way[]
  readonly later: readonly Way[]
}

const OFFENSES: readonly Offense[] = [
  { way: 'never_return', code: 'TIMEOUT', says: () => 'longer than 1.5 s' },
  { way: 'flood_forever', code: 'TIMEOUT', says: () => 'longer than 1.5 s' },
  { way: 'exhaust_heap', code: 'EXECUTION_ERROR', says: (kind) => `used up the 64 MB of its ${kind} during` },
  { way: 'exit', code: 'EXECUTION_ERROR', says: (kind) => `ended its ${kind} with exit code 3 during` },
  {
    way: 'send_rubbish',
    code: 'EXECUTION_ERROR',
    says: () => 'was ended, because it sent',
  },
  // What a thread does beside JavaScript's heap, or to its whole process, only a process keeps apart.
  {
    way: 'exhaust_buffers',
    code: 'EXECUTION_ERROR',
    says: () => 'used up the 64 MB of its process during',
    kinds: ['process'],
  },
  {
    way: 'kill_itself',
    code: 'EXECUTION_ERROR',
    says: () => 'lost its process to SIGSEGV during',
    kinds: ['process'],
  },
]
const LATER: readonly (readonly [way: Way, says: RegExp])[] = [
  ['exit_later', /called process\.exit\(4\)|with exit code 4/],
  ['reject_later', /Nobody caught/],
  ['throw_later', /Nobody caught/],
]

/** What misbehaves ends its own episode and no other; `sample` says what of it is tried, all when it is absent. */
export function misbehaviorSuite(
  kind: IsolationKind,
  episodes: 'share' | 'cannot leave',
  sample?: Sample,
): void {
  const [module, neighbors] = episodes === 'share' ? ['./misbehaving.ts', 4] : ['./misbehaving-world.ts', 2]
  describe(`episodes that ${episodes} a ${kind}`, () => {
    const offenses = OFFENSES.filter(({ kinds = KINDS }) => kinds.includes(kind))
    const inSteps = offenses.filter(({ way }) => sample?.steps.includes(way) ?? true)
    const inResets = offenses.filter(({ way }) => (sample?.resets ?? ['never_return', 'exit']).includes(way))
    const later = LATER.filter(([way]) => sample?.later.includes(way) ?? true)
    let printed = 0
    beforeEach(() => {
      printed = 0
      vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
        printed += text.length
        return true
      })
    })
    afterEach(() => vi.restoreAllMocks())
    let isolation: Isolation
    beforeAll(async () => {
      isolation = await isolate(kind, module, { workers: 2, stepSeconds: STEP_SECONDS, memoryMb: MEMORY_MB })
    })
    afterAll(() => isolation.close())

    const open = async (): Promise<LocalEpisode> => {
      const episode = isolation.openEpisode()
      await episode.reset()
      await episode.step({ way: 'behave' })
      return episode
    }

    /** Steps others without a pause until the offense is over: not one of their steps fails, or is lost. */
    const amongOthers = async <T>(
      offense: () => Promise<T>,
    ): Promise<{ readonly result: T; readonly leastSteps: number }> => {
      const others = await Promise.all(Array.from({ length: neighbors }, open))
      let over = false
      const playing = others.map(async (episode) => {
        let count = 1
        do {
          const { observation } = await episode.step({ way: 'behave' })
          count += 1
          expect(observation).toEqual({ count })
        } while (!over)
        return count
      })
      const result = await offense().finally(() => {
        over = true
      })
      const leastSteps = Math.min(...(await Promise.all(playing)))
      await Promise.all(others.map((episode) => episode.close()))
      return { result, leastSteps }
    }

    it.each(inSteps)('$way in a step ends its own episode: $code', async ({ way, code, says }) => {
      await using offender = await open()
      const { result, leastSteps } = await amongOthers(() => failureOf(offender.step({ way })))
      expect(result).toMatchObject({ code, message: expect.stringContaining(says(kind)) })
      // A call that runs out of time takes none from others.
      if (code === 'TIMEOUT') expect(leastSteps).toBeGreaterThan(20)
      await expect(offender.step({ way: 'behave' })).rejects.toMatchObject({ message: /reset/ })
      expect((await offender.reset()).observation).toEqual({ count: 0 })
      expect((await offender.step({ way: 'behave' })).observation).toEqual({ count: 1 })
    })

    it.each(inResets)('$way in a reset ends its own episode: $code', async ({ way, code, says }) => {
      await using offender = isolation.openEpisode()
      const { result } = await amongOthers(() => failureOf(offender.reset({ options: { start: way } })))
      expect(result).toMatchObject({
        code,
        message: expect.stringContaining(says(kind).replace('step', 'reset')),
      })
      expect(offender.status).toBe('idle')
      expect((await offender.reset()).observation).toEqual({ count: 0 })
    })

    it.each(later)('%s ends its own episode', async (way, says) => {
      await using offender = await open()
      const { result } = await amongOthers(async () => {
        await offender.step({ way })
        for (;;) {
          await new Promise((resolve) => setTimeout(resolve, 20))
          const thrown = await failureOf(offender.step({ way: 'behave' }))
          if (thrown !== null) return thrown
        }
      })
      expect(result).toMatchObject({ code: 'EXECUTION_ERROR', message: expect.stringMatching(says) })
      expect((await offender.reset()).observation).toEqual({ count: 0 })
    })

    it('what a step throws is an error, and the episode goes on', async () => {
      await using offender = await open()
      const { result } = await amongOthers(() => failureOf(offender.step({ way: 'throw' })))
      expect(result).toMatchObject({
        code: 'EXECUTION_ERROR',
        message: 'The environment failed during step.',
      })
      expect((await offender.step({ way: 'behave' })).observation).toEqual({ count: 2 })
    })

    it('a step that prints ten megabytes is a step, and most of what it prints is dropped', async () => {
      await using offender = await open()
      await amongOthers(() => offender.step({ way: 'flood' }))
      expect(offender.reply?.observation).toEqual({ count: 2 })
      expect(printed).toBeLessThan(1_000_000)
    })
  })
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => null,
    (error: unknown) => error,
  )
}
