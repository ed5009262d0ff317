import { chmod, lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { environmentsFolder } from './environments-folder.ts'
import { virtualEnvironment, type VirtualEnvironmentOptions } from './virtual-environment.ts'

let root: string
let said: string[]
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'openenv-venvs-'))
  said = []
})
afterEach(async () => {
  for (const name of await readdir(root)) await unseal(join(root, name))
  await rm(root, { recursive: true, force: true })
})

/** A package with these requirements: a folder with nothing else in it. */
async function options(
  requirements = '',
  more: Partial<VirtualEnvironmentOptions> = {},
): Promise<VirtualEnvironmentOptions> {
  const folder = await mkdtemp(join(root, 'package-'))
  await writeFile(join(folder, 'requirements.txt'), requirements)
  return {
    folder,
    requires: '>=3.10',
    requirements: 'requirements.txt',
    seconds: 60,
    onProgress: (line) => void said.push(line),
    env: { ...process.env, OPENENV_VENVS: join(root, 'venvs') },
    ...more,
  }
}

describe('a virtual environment [IM-31]', () => {
  it('is shared by packages with equal requirements, made once by whoever starts first, and read-only', async () => {
    const packages = [await options('# one package\n'), await options('\n'), await options('# another\n\n')]
    const made = await Promise.all(packages.map((each) => virtualEnvironment(each)))
    expect(new Set(made.map(({ python }) => python)).size).toBe(1)
    // Made and installed: once.
    expect(said).toHaveLength(2)
    const [first] = made
    expect(await writable(first?.folder ?? '')).toEqual([])
    // Nothing is left of how it was made, and it does not name the place where that was.
    expect((await readdir(join(root, 'venvs'))).filter((name) => name.startsWith('.'))).toEqual([])
    for (const name of await readdir(join(first?.folder ?? '', 'bin')))
      expect(await readFile(join(first?.folder ?? '', 'bin', name), 'latin1')).not.toMatch(
        /venvs\/\.[0-9a-f]{32}-/,
      )
  })

  it('is another one for other requirements', async () => {
    const one = await virtualEnvironment(await options(''))
    // A list that installs nothing, and is another list.
    const other = await virtualEnvironment(await options('iniconfig==2.1.0 ; python_version < "3"\n'))
    expect(other.folder).not.toBe(one.folder)
  })

  it('is made anew where the process that made it was killed in the middle', async () => {
    const wanted = await options()
    const { folder } = await virtualEnvironment(wanted)
    const [venvs, key] = [join(folder, '..'), folder.split('/').at(-1) ?? '']
    await unseal(folder)
    await rm(folder, { recursive: true })
    await writeFile(join(venvs, `.${key}-dead`), '')
    await writeFile(
      join(venvs, `${key}.lock`),
      JSON.stringify({ pid: 999_999_999, host: 'x', started: null, id: 'dead' }).replace(
        '"x"',
        JSON.stringify((await import('node:os')).hostname()),
      ),
    )
    expect((await virtualEnvironment(wanted)).folder).toBe(folder)
    expect((await readdir(venvs)).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('names the Pythons that there are where none fits, and the one that was named where there is none', async () => {
    await expect(virtualEnvironment(await options('', { requires: '>=3.99' }))).rejects.toMatchObject({
      code: 'FACTORY_ERROR',
      message: expect.stringMatching(
        /needs Python >=3\.99, and there is 3\.\d+\.\d+ \(.*install one, or name it in OPENENV_PYTHON/,
      ) as string,
    })
    const env = { ...process.env, OPENENV_PYTHON: '/nowhere/python' }
    await expect(virtualEnvironment(await options('', { env }))).rejects.toThrow(
      '/nowhere/python cannot be started',
    )
    await expect(virtualEnvironment(await options('', { env: { PATH: '/nowhere' } }))).rejects.toThrow(
      'there is none on the path',
    )
  })

  it('says which list of requirements cannot be read', async () => {
    await expect(virtualEnvironment(await options('', { requirements: 'none.txt' }))).rejects.toThrow(
      'none.txt cannot be read',
    )
  })
})

describe('the folder for virtual environments [IM-31]', () => {
  it('is made for this user alone, where OPENENV_VENVS says, else in the cache', async () => {
    for (const env of [
      { OPENENV_VENVS: join(root, 'a') },
      { XDG_CACHE_HOME: join(root, 'b') },
      { HOME: join(root, 'c') },
    ]) {
      const path = await environmentsFolder(env)
      expect(path.startsWith(root)).toBe(true)
      expect(((await lstat(path)).mode & 0o777).toString(8)).toBe('700')
    }
  })

  it.each([0o777, 0o755, 0o770, 0o701])(
    'is refused where others have access to it: mode %o',
    async (mode) => {
      const path = await mkdtemp(join(root, 'open-'))
      await chmod(path, mode)
      await expect(environmentsFolder({ OPENENV_VENVS: path })).rejects.toMatchObject({
        code: 'FACTORY_ERROR',
        message: expect.stringContaining(
          `run chmod 700 ${path}, or name another folder in OPENENV_VENVS`,
        ) as string,
      })
      const link = join(root, `link-${String(mode)}`)
      await symlink(path, link)
      await expect(environmentsFolder({ OPENENV_VENVS: link })).rejects.toThrow('is open to other users')
    },
  )

  it('is refused where it is a file, and says so', async () => {
    const path = join(root, 'file')
    await writeFile(path, '')
    await expect(environmentsFolder({ OPENENV_VENVS: path })).rejects.toThrow('cannot be used (EEXIST)')
  })
})

async function entriesOf(folder: string): Promise<readonly string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  return [
    folder,
    ...found.filter((each) => !each.isSymbolicLink()).map((each) => join(each.parentPath, each.name)),
  ]
}

async function writable(folder: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const path of await entriesOf(folder)) if (((await lstat(path)).mode & 0o222) !== 0) found.push(path)
  return found
}

async function unseal(path: string): Promise<void> {
  if (!(await lstat(path)).isDirectory()) return
  for (const each of await entriesOf(path)) await chmod(each, 0o700)
}
