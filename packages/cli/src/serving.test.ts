import { createServer, type AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { openenv } from '../test/in-process.ts'

describe('openenv serve', () => {
  it('ends with the error where no environment can be loaded', async () => {
    const one = await openenv(['serve', './not-there.ts', '--port', '0'])
    expect(one).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('There is no file ./not-there.ts'),
    })
    const two = await openenv(['serve', './not-there.ts', './nor-this.ts', '--port', '0'])
    expect(two).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('./nor-this.ts') })
    const url = await openenv(['serve', 'echo', 'http://127.0.0.1:1', '--port', '0'])
    expect(url).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('is a URL') })
  })

  it('refuses two environments of one name, and a task for all of several', async () => {
    const twice = await openenv(['serve', 'echo', 'echo'])
    expect(twice).toMatchObject({ code: 2, stderr: 'error: Two environments have the name "echo".\n' })
    const task = await openenv(['serve', 'echo', 'email-triage', '--agent-episode', 'task_easy'])
    expect(task.code).toBe(2)
    expect(task.stderr).toContain('where one environment is served')
  })

  it('refuses a task for agents that there is not, before the first one comes', async () => {
    const { code, stderr } = await openenv([
      'serve',
      'email-triage',
      '--port',
      '0',
      '--agent-episode',
      'task_esay',
    ])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^error: Unknown task_id "task_esay"\. There are, among others: task_easy.*\n$/)
  })

  it('names --port when the port is taken, exit code 1 [OE-12]', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    const { code, stdout, stderr } = await openenv(['serve', 'echo', '--port', String(port)])
    taken.close()
    expect(stderr).toBe(
      `error: Port ${String(port)} is taken: choose another with --port, or --port 0 for any free one.\n`,
    )
    expect(stdout).toBe('')
    expect(code).toBe(1)
  })
})
