import { describe, expect, it } from 'vitest'
import { echo } from '@openenv-ts/echo'
import emailTriage from '@openenv-ts/email-triage'
import { serve } from '@openenv-ts/server/node'
import { openenv } from '../test/in-process.ts'

describe('openenv tasks', () => {
  it('lists the tasks of an environment and of its server alike', async () => {
    const local = await openenv(['tasks', 'email-triage', '--split', 'canonical', '--json'])
    expect(local.code).toBe(0)
    const { env, splits } = JSON.parse(local.stdout) as {
      env: string
      splits: Record<string, { id: string }[]>
    }
    expect(env).toBe('email-triage')
    expect(splits['canonical']?.map(({ id }) => id)).toEqual(['task_easy', 'task_medium', 'task_hard'])
    await using server = await serve(emailTriage, { port: 0 })
    const there = await openenv(['tasks', server.url, '--split', 'canonical', '--json'])
    expect(JSON.parse(there.stdout)).toEqual({ env, splits })
  })

  it('prints splits with their sizes, and ids', async () => {
    const { code, stdout } = await openenv(['tasks', 'email-triage'])
    expect(stdout).toMatch(/^canonical \(3\)\n {2}task_easy/)
    expect(code).toBe(0)
  })

  it('says that there are none', async () => {
    const { code, stdout } = await openenv(['tasks', 'echo'])
    expect(stdout).toBe('echo has no tasks: every episode starts from its seed alone.\n')
    expect(code).toBe(0)
  })

  it('names the splits that exist, exit code 2', async () => {
    const { code, stderr } = await openenv(['tasks', 'email-triage', '--split', 'canonicl'])
    expect(stderr).toContain('There are: canonical')
    expect(stderr).toContain('Did you mean "canonical"?')
    expect(code).toBe(2)
  })
})

describe('openenv info', () => {
  it('says what a server offers', async () => {
    await using server = await serve(echo, { port: 0, basePath: '/envs/echo' })
    const { url } = server
    const { code, stdout } = await openenv(['info', url, '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'echo',
      description: 'Say something and read it back.',
      url,
      action: { required: ['message'] },
      tasks: {},
    })
    expect((await openenv(['info', url])).stdout).toMatch(/^echo 0\.1\.0\nSay something/)
  })

  it('says in one line that nobody answers, exit code 1', async () => {
    const { code, stderr } = await openenv(['info', 'http://127.0.0.1:9'])
    expect(stderr).toMatch(/^error: .*http:\/\/127\.0\.0\.1:9.*\n$/)
    expect(code).toBe(1)
  })
})

describe('a server of several environments [OE-23]', () => {
  const several = [
    { environment: echo },
    { environment: { ...emailTriage, description: 'Sort \u001b[31mmail.' } },
    { name: 'broken', unavailable: 'It is not there.' },
  ]

  it('is listed by info, with names, descriptions and URLs', async () => {
    await using server = await serve(several, { port: 0 })
    const { code, stdout } = await openenv(['info', server.url])
    expect(code).toBe(0)
    for (const text of ['echo', `${server.url}/echo`, echo.description.split('.')[0] ?? '', 'not available'])
      expect(stdout).toContain(text)
    expect(stdout).not.toContain('\u001b')
    const listed = await openenv(['info', server.url, '--json'])
    expect(JSON.parse(listed.stdout)).toMatchObject({
      url: server.url,
      environments: [
        { name: 'echo', description: echo.description, url: `${server.url}/echo`, available: true },
        { name: 'email-triage', url: `${server.url}/email-triage`, available: true },
        { name: 'broken', url: `${server.url}/broken`, available: false },
      ],
    })
    expect((await openenv(['info', `${server.url}/echo`])).stdout).toMatch(/^echo /)
  })

  it.each(['tasks', 'eval'])(
    'makes %s name the URLs of those that there are, exit code 2',
    async (command) => {
      await using server = await serve(several, { port: 0 })
      const { code, stdout, stderr } = await openenv([
        command,
        server.url,
        ...(command === 'eval' ? ['--policy', 'random'] : []),
      ])
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toContain(
        `give the URL of one of them: ${server.url}/echo, ${server.url}/email-triage\n`,
      )
    },
  )

  it('lists nothing without a token', async () => {
    await using server = await serve(several, { port: 0, tokens: { control: 'for-trainers' } })
    const { code, stdout, stderr } = await openenv(['info', server.url])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('refuses access')
    const admitted = await openenv(['info', server.url], { env: { OPENENV_CONTROL_TOKEN: 'for-trainers' } })
    expect(admitted.stdout).toContain(`${server.url}/echo`)
  })
})
