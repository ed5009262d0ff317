import { describe, expect, it } from 'vitest'
import { findPython } from './python.ts'

/** The real one, on the path of this machine. */
const { version, executable } = await findPython('>=3.10')
/** Asked alone: the others on the path make a refusal slow. */
const ALONE = { ...process.env, OPENENV_PYTHON: executable }
const [major = '', minor = ''] = version.split('.')

describe('a version specifier of Python', () => {
  it.each([
    '',
    '>=3.10',
    '>=3.10,',
    `==${major}.${minor}.*`,
    `~=${major}.${minor}`,
    `>= ${version} , < ${major}.${String(Number(minor) + 1)}`,
    `!=${major}.${String(Number(minor) + 1)}.*`,
  ])('%o takes the Python that there is', async (requires) => {
    await expect(findPython(requires, ALONE)).resolves.toMatchObject({ version })
  })

  it.each([`!=${major}.${minor}.*`, `<${version}`, `~=${major}.${minor}.99`, '>=3.99'])(
    '%o takes none, and says which there is',
    async (requires) => {
      await expect(findPython(requires, ALONE)).rejects.toThrow(
        `needs Python ${requires}, and there is ${version}`,
      )
    },
  )

  it.each(['what is this', '^3.11', '3.11', '>=3.11 <3.14'])(
    '%o cannot be read, and is named',
    async (requires) => {
      await expect(findPython(requires, ALONE)).rejects.toThrow(
        `python.requires: "${requires}" is not a version specifier`,
      )
    },
  )
})

it('names the interpreter itself, not the shim or link that leads to it', async () => {
  await expect(findPython('>=3.10', ALONE)).resolves.toEqual({ executable, version })
})
