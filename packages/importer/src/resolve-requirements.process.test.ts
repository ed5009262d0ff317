import { describe, expect, it } from 'vitest'
import { ResolutionError, resolveRequirements } from './resolve-requirements.ts'

describe('resolveRequirements', () => {
  it('pins every package, with what it needs in turn [IM-21]', async () => {
    const resolution = await resolveRequirements({
      requires: '>=3.11',
      requirements: ['python-dateutil==2.9.0'],
    })
    expect(resolution?.versions).toMatchObject({
      'python-dateutil': '2.9.0',
      six: expect.stringMatching(/^1\./),
    })
    expect(resolution?.text).not.toContain('#')
  })

  it('builds nothing: what has no wheel is named, and stands there as it was stated [IM-30]', async () => {
    const resolution = await resolveRequirements({
      requires: '>=3.11',
      requirements: ['sgmllib3k>=1', 'six==1.16.0'],
    })
    expect(resolution).toEqual({
      text: 'six==1.16.0\nsgmllib3k>=1\n',
      versions: { six: '1.16.0' },
      needsBuild: ['sgmllib3k'],
    })
  })

  it('says in one line why there is no resolution [IM-21]', async () => {
    const nothing = resolveRequirements({
      requires: '>=3.11',
      requirements: ['openenv-no-such-package-anywhere>=7'],
    })
    await expect(nothing).rejects.toThrow(ResolutionError)
    await expect(nothing).rejects.toThrow(/^[^\n]*openenv-no-such-package-anywhere was not found[^\n]*$/)
  })

  it('ends when it is told to stop [IM-2]', async () => {
    const controller = new AbortController()
    const stopped = resolveRequirements({ requires: '>=3.11', requirements: ['six'] }, controller.signal)
    controller.abort(new Error('stopped'))
    await expect(stopped).rejects.toThrow('stopped')
  })
})
