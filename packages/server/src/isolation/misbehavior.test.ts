import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LocalEpisode } from '@openenv-ts/core'
import { isolate, KINDS } from '../../test/isolation/isolate.ts'
import type { Way } from '../../test/isolation/misbehaving.ts'
import type { Isolation, IsolationKind } from './isolation.ts'

/** A way to end one's own executor in the middle of a call, and what the episode's owner is told of it. */
interface Offence {
  readonly way: Way
  readonly code: 'TIMEOUT' | 'EXECUTION_ERROR'
  readonly says: (kind: IsolationKind) => string
  readonly kinds?: readonly IsolationKind[]
}

const STEP_SECONDS = 1.5
const MEMORY_MB = 64

const OFFENCES: readonly Offence[] = [
  { way: 'never_return', code: 'TIMEOUT', says: () => 'longer than 1.5 s' },
  { way: 'flood_forever', code: 'TIMEOUT', says: () => 'longer than 1.5 s' },
  { way: 'exhaust_heap', code: 'EXECUTION_ERROR', says: (kind) => `used up the 64 MB of its ${kind} during` },
  { way: 'exit', code: 'EXECUTION_ERROR', says: (kind) => `ended its ${kind} with exit code 3 during` },
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

for (const kind of KINDS) {
  describe.each([
    ['episodes that share', './misbehaving.ts', 4],
    ['episodes that cannot leave', './misbehaving-world.ts', 2],
  ] as const)(`%s a ${kind}`, (_what, module, neighbours) => {
    const offences = OFFENCES.filter(({ kinds = KINDS }) => kinds.includes(kind))
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

    /** Steps others without a pause until the offence is over: not one of their steps fails, or is lost. */
    const amongOthers = async <T>(
      offence: () => Promise<T>,
    ): Promise<{ readonly result: T; readonly leastSteps: number }> => {
      const others = await Promise.all(Array.from({ length: neighbours }, open))
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
      const result = await offence().finally(() => {
        over = true
      })
      const leastSteps = Math.min(...(await Promise.all(playing)))
      await Promise.all(others.map((episode) => episode.close()))
      return { result, leastSteps }
    }

    it.each(offences)('$way in a step ends its own episode: $code', async ({ way, code, says }) => {
      await using offender = await open()
      const { result, leastSteps } = await amongOthers(() => failureOf(offender.step({ way })))
      expect(result).toMatchObject({ code, message: expect.stringContaining(says(kind)) })
      // A call that runs out of time takes none from others.
      if (code === 'TIMEOUT') expect(leastSteps).toBeGreaterThan(20)
      await expect(offender.step({ way: 'behave' })).rejects.toMatchObject({ message: /reset/ })
      expect((await offender.reset()).observation).toEqual({ count: 0 })
      expect((await offender.step({ way: 'behave' })).observation).toEqual({ count: 1 })
    })

    it.each(offences.filter(({ way }) => way === 'never_return' || way === 'exit'))(
      '$way in a reset ends its own episode: $code',
      async ({ way, code, says }) => {
        await using offender = isolation.openEpisode()
        const { result } = await amongOthers(() => failureOf(offender.reset({ options: { start: way } })))
        expect(result).toMatchObject({
          code,
          message: expect.stringContaining(says(kind).replace('step', 'reset')),
        })
        expect(offender.status).toBe('idle')
        expect((await offender.reset()).observation).toEqual({ count: 0 })
      },
    )

    it.each(LATER)('%s ends its own episode', async (way, says) => {
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
      const { stderr } = process
      const write = stderr.write.bind(stderr)
      let printed = 0
      stderr.write = (text: string | Uint8Array) => {
        printed += text.length
        return true
      }
      await using offender = await open()
      try {
        await amongOthers(() => offender.step({ way: 'flood' }))
      } finally {
        stderr.write = write
      }
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
