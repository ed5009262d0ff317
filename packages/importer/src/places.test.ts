import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder } from '../test/folder.ts'
import { checkPlaces } from './places.ts'

const request = (path: string, more: Partial<Parameters<typeof checkPlaces>[0]> = {}) => ({
  name: 'maze',
  source: join(path, 'source'),
  outputDir: join(path, 'out'),
  ...more,
})

describe('checkPlaces', () => {
  it('puts the package into a folder of its name, below the output folder [IM-1]', () => {
    using place = folder({ 'source/a.py': '' })
    expect(checkPlaces(request(place.path), 'new').destination).toBe(join(place.path, 'out/maze'))
  })

  it('checks the name first, then the source, then that the output is outside, then that it is free [IM-2]', () => {
    using place = folder({ 'source/a.py': '', 'source/out/maze/x': '', 'out/maze/x': '' })
    const { path } = place
    const codeOf = (more: Partial<Parameters<typeof checkPlaces>[0]>) => {
      try {
        checkPlaces(request(path, more), 'new')
        return null
      } catch (error) {
        return (error as { code: string }).code
      }
    }
    const nowhere = join(path, 'nowhere')
    const inside = join(path, 'source/out')
    expect(codeOf({ name: 'Maze', source: nowhere, outputDir: inside })).toBe('INVALID_NAME')
    expect(codeOf({ source: nowhere, outputDir: inside })).toBe('NO_SOURCE')
    expect(codeOf({ outputDir: inside })).toBe('OUTPUT_IN_SOURCE')
    expect(codeOf({})).toBe('DESTINATION_TAKEN')
    expect(codeOf({ outputDir: path })).toBe(null)
  })

  it.each([
    ['https://github.com/a/b', /clone it first/],
    ['git@github.com:a/b.git', /clone it first/],
    ['', /There is no folder ""/],
    ['source/a.py', /is no folder: give the root/],
  ])('refuses the source %j [IM-2]', (source, says) => {
    using place = folder({ 'source/a.py': '' })
    const given = source === 'source/a.py' ? join(place.path, source) : source
    expect(() => checkPlaces(request(place.path, { source: given }), 'new')).toThrow(says)
  })

  it('sees through links that the output is inside the source [IM-2]', () => {
    using place = folder({ 'source/deep/a.py': '' })
    symlinkSync(join(place.path, 'source/deep'), join(place.path, 'elsewhere'))
    const outputDir = join(place.path, 'elsewhere/not/there/yet')
    expect(() => checkPlaces(request(place.path, { outputDir }), 'new')).toThrow(/is inside the source/)
  })

  it('refuses a destination that is the source itself [IM-2]', () => {
    using place = folder({ 'maze/a.py': '' })
    const same = { source: join(place.path, 'maze'), outputDir: place.path }
    expect(() => checkPlaces(request(place.path, same), 'new')).toThrow(/is inside the source/)
  })

  it('takes a sibling whose name begins like the source [IM-2]', () => {
    using place = folder({ 'source/a.py': '' })
    const outputDir = join(place.path, 'source-packages')
    expect(checkPlaces(request(place.path, { outputDir }), 'new').destination).toBe(join(outputDir, 'maze'))
  })

  it('takes an empty folder, and refuses a file on the way [IM-2]', () => {
    using place = folder({ 'source/a.py': '', file: '' })
    mkdirSync(join(place.path, 'out/maze'), { recursive: true })
    expect(() => checkPlaces(request(place.path), 'new')).not.toThrow()
    const outputDir = join(place.path, 'file/below')
    expect(() => checkPlaces(request(place.path, { outputDir }), 'new')).toThrow(/file is no folder/)
  })
})
