import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { troubledPackage } from '../test/package.ts'
import { virtualEnvironment, type VirtualEnvironmentOptions } from './virtual-environment.ts'

const NOWHERE = 'http://127.0.0.1:9/simple'

function options(folder: string, more: Partial<VirtualEnvironmentOptions> = {}): VirtualEnvironmentOptions {
  return { folder, requires: '>=3.10', requirements: 'requirements.txt', seconds: 120, ...more }
}

describe('a virtual environment', () => {
  it('is made once, and again when its requirements have changed [IM-12]', async () => {
    await using made = await troubledPackage()
    const said: string[] = []
    const onProgress = (line: string): void => void said.push(line)
    const python = await virtualEnvironment(options(made.folder, { onProgress }))
    expect(python).toBe(join(made.folder, '.venv/bin/python'))
    expect(said).toHaveLength(2)
    await virtualEnvironment(options(made.folder, { onProgress }))
    expect(said).toHaveLength(2)
    await writeFile(join(made.folder, 'requirements.txt'), '# nothing, said differently\n')
    await virtualEnvironment(options(made.folder, { onProgress }))
    expect(said).toHaveLength(4)
  })

  it('is made by venv and pip where there is no uv [IM-12]', async () => {
    await using made = await troubledPackage()
    const env = { ...process.env, OPENENV_NO_UV: '1' }
    await virtualEnvironment(options(made.folder, { env }))
    expect(await readFile(join(made.folder, '.venv/pyvenv.cfg'), 'utf8')).not.toMatch(/^uv = /m)
  })

  it('is made by one of two that start at once', async () => {
    await using made = await troubledPackage()
    const said: string[] = []
    const onProgress = (line: string): void => void said.push(line)
    await Promise.all([1, 2, 3].map(() => virtualEnvironment(options(made.folder, { onProgress }))))
    expect(said).toHaveLength(2)
  })

  it('is made again where whoever made it was killed in the middle', async () => {
    await using made = await troubledPackage()
    await writeFile(join(made.folder, '.venv.lock'), '999999999')
    await expect(virtualEnvironment(options(made.folder))).resolves.toContain('.venv')
  })

  it.each(['0', '1'])('says what could not be installed (without uv: %s)', async (OPENENV_NO_UV) => {
    await using made = await troubledPackage('no-such-package-anywhere-at-all==1.0\n')
    const env = { ...process.env, OPENENV_NO_UV }
    await expect(virtualEnvironment(options(made.folder, { env }))).rejects.toMatchObject({
      code: 'FACTORY_ERROR',
      message: expect.stringMatching(
        /requirements\.txt lists could not be installed\..*no-such-package/s,
      ) as string,
    })
  })

  it.each(['0', '1'])('says so where the index cannot be reached (without uv: %s)', async (OPENENV_NO_UV) => {
    await using made = await troubledPackage('iniconfig==2.1.0\n')
    const indexes = {
      PIP_INDEX_URL: NOWHERE,
      UV_INDEX_URL: NOWHERE,
      UV_DEFAULT_INDEX: NOWHERE,
      PIP_RETRIES: '0',
      UV_HTTP_RETRIES: '0',
    }
    const env = {
      ...process.env,
      ...indexes,
      OPENENV_NO_UV,
      UV_NO_CACHE: '1',
      PIP_NO_CACHE_DIR: '1',
      PIP_FIND_LINKS: '',
    }
    await expect(virtualEnvironment(options(made.folder, { env }))).rejects.toMatchObject({
      code: 'FACTORY_ERROR',
      message: expect.stringContaining('could not be installed') as string,
    })
  })

  it('names the Pythons that there are where none fits, and the one that was named where there is none', async () => {
    await using made = await troubledPackage()
    await expect(virtualEnvironment(options(made.folder, { requires: '>=3.99' }))).rejects.toMatchObject({
      code: 'FACTORY_ERROR',
      message: expect.stringMatching(
        /needs Python >=3\.99, and there is 3\.\d+\.\d+ \(.*install one, or name it in OPENENV_PYTHON/,
      ) as string,
    })
    const env = { ...process.env, OPENENV_PYTHON: '/nowhere/python' }
    await expect(virtualEnvironment(options(made.folder, { env }))).rejects.toThrow(
      '/nowhere/python cannot be started',
    )
    await expect(virtualEnvironment(options(made.folder, { env: { PATH: '/nowhere' } }))).rejects.toThrow(
      'there is none on the path',
    )
  })

  it('says which list of requirements cannot be read', async () => {
    await using made = await troubledPackage()
    await expect(virtualEnvironment(options(made.folder, { requirements: 'none.txt' }))).rejects.toThrow(
      'none.txt cannot be read',
    )
  })
})
