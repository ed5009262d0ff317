import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { folder, openenv } from '../test/command.ts'

describe('openenv', () => {
  it('answers with its exit code, its answer on stdout and what was wrong on stderr', async () => {
    const help = await openenv(['help', 'eval'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toMatch(/^Usage: openenv eval /)
    const mistake = await openenv(['evla', 'echo'])
    expect(mistake).toMatchObject({ code: 2, stdout: '' })
    expect(mistake.stderr).toMatch(/^error: There is no command "evla"\. Did you mean "eval"\?.*\n$/)
  })

  it('says what to do where it is not built', async () => {
    const bin = await readFile(new URL('../bin/openenv.js', import.meta.url), 'utf8')
    await using here = await folder({ 'bin/openenv.js': bin, 'package.json': '{ "type": "module" }' })
    const { status, stderr } = spawnSync(process.execPath, ['bin/openenv.js'], {
      cwd: here.path,
      encoding: 'utf8',
    })
    expect(stderr).toBe(
      'error: openenv is not built here; run `npm ci` or `npm run build` in the repository.\n',
    )
    expect(status).toBe(1)
  })
})
