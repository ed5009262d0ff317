import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { checkFormat, variables } from './test/inference.ts'

describe('the command', () => {
  const script = fileURLToPath(new URL('./inference.ts', import.meta.url))
  const command = (
    args: readonly string[],
    env: Record<string, string>,
  ): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const node = ['--import', 'jiti/register', script, ...args]
      execFile(
        process.execPath,
        node,
        { env: { PATH: process.env['PATH'] ?? '', ...env } },
        (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
        },
      )
    })

  it('ends with exit code 0 and scores when the endpoint is down [ET-19]', async () => {
    const { code, stdout, stderr } = await command([], variables('http://127.0.0.1:9/v1'))
    expect([code, stderr]).toEqual([0, ''])
    checkFormat(stdout.trimEnd().split('\n'))
  })

  it('ends with exit code 2 and its usage on arguments that it does not know [ET-17]', async () => {
    const { code, stdout, stderr } = await command(['--server', 'x'], {})
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/--url/)
  })

  it('ends with exit code 1 and a reason when the server to be played is not there [ET-17]', async () => {
    const { code, stderr } = await command(['--url', 'http://127.0.0.1:9'], {})
    expect(code).toBe(1)
    expect(stderr).not.toMatch(/\n\s+at /)
  })
})
