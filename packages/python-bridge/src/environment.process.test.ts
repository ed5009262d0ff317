import { openLocal, type Reply } from '@openenv-ts/core'
import { selectTask, type ToolAction } from '@openenv-ts/core/host'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { troubledPackage, type TroubledPackage } from '../test/package.ts'
import type { PythonEnvironment } from './index.ts'

let made: TroubledPackage
let environment: PythonEnvironment
beforeAll(async () => {
  vi.stubEnv('SOME_API_KEY', 'not declared')
  vi.stubEnv('JUDGE_KEY', 'declared')
  made = await troubledPackage()
  environment = await made.open({ secrets: ['BADGE'], variables: ['JUDGE_KEY'] })
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await made[Symbol.asyncDispose]()
})

describe('an environment that runs in Python', () => {
  it('lists tasks by pages, with their place laid over what the source calls them [IM-14][IM-19]', async () => {
    const { tasks } = environment
    expect(await tasks?.splits()).toEqual([
      { name: 'train', type: 'train' },
      { name: 'test', type: 'test' },
    ])
    expect(await tasks?.count('train')).toBe(250)
    const found = (await tasks?.range('train', 95, 205)) ?? []
    expect(found).toHaveLength(110)
    expect(found[7]?.spec).toEqual({
      id: 'train/102',
      split: 'train',
      index: 102,
      question: 'train 102?',
      answer: 'gold-102',
    })
    expect((await tasks?.find('train/249'))?.data.row).toMatchObject({ id: 'its own', difficulty: 'hard' })
    for (const id of ['train/250', 'train/-1', 'nope/0', 'its own', ''])
      expect(await tasks?.find(id)).toBeUndefined()
    await expect(async () => tasks?.count('nope')).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      http: 400,
    })
  })

  it('starts on a listed task, by its place or its spec, or on one that is given whole [IM-14]', async () => {
    await using episode = openLocal(environment)
    expect(promptOf(await episode.reset())).toBe('train 0?')
    expect(promptOf(await episode.reset({ split: 'test', index: 1 }))).toBe('test 1?')
    expect(promptOf(await episode.reset({ taskId: 'train/3' }))).toBe('train 3?')
    expect(promptOf(await episode.reset({ taskSpec: { id: 'train/4', split: 'train', index: 4 } }))).toBe(
      'train 4?',
    )
    expect(promptOf(await episode.reset({ taskSpec: { question: 'Mine?', answer: 'yes' } }))).toBe('Mine?')
    expect(
      promptOf(await episode.reset({ taskSpec: { id: 'its own', question: 'Known by another id?' } })),
    ).toBe('Known by another id?')
    expect((await selectTask(environment.tasks, {}, 251))?.spec.id).toBe('train/1')
  })

  it('passes on the secrets and variables that are declared, and no others [IM-28]', async () => {
    await using episode = openLocal(environment)
    await episode.reset({ secrets: { BADGE: 'x', OTHER: 'y' } })
    expect(said(await episode.step(call('secret')))).toBe("['BADGE'] ['JUDGE_KEY']")
  })

  it('answers what the agent does wrong with an observation, and the episode goes on [IM-29]', async () => {
    await using episode = openLocal(environment)
    await episode.reset({ split: 'train', index: 5 })
    expect(errorOf(await episode.step(call('no_such_tool')))).toMatchObject({ error_type: 'tool_not_found' })
    expect(errorOf(await episode.step(call('fail', 'the window is shut')))).toEqual({
      error_type: 'execution_error',
      message: 'RuntimeError: the window is shut',
    })
    // What it raises with would give the answer away [IM-24].
    expect(JSON.stringify(await episode.step(call('fail')))).not.toContain('gold-5')
    expect(await episode.step(call('say', 'hello'))).toMatchObject({ reward: 0.25, done: false })
  })

  it('ends with the source’s own word, and rewards nothing after that [IM-28]', async () => {
    await using episode = openLocal(environment)
    await episode.reset()
    expect(await episode.step(call('finish'))).toMatchObject({ reward: 1, status: 'terminated' })
    await expect(episode.step(call('finish'))).rejects.toMatchObject({ code: 'EXECUTION_ERROR', http: 409 })
    await episode.reset()
    // No number is no reward.
    expect(await episode.step(call('finish', 'nan'))).toMatchObject({ reward: null, done: true })
  })

  it('says what failed in setting up, without the task [IM-24]', async () => {
    await using episode = openLocal(environment)
    const failing = episode.reset({ taskSpec: { question: 'x?', broken: 'a secret word' } })
    await expect(failing).rejects.toMatchObject({
      code: 'EXECUTION_ERROR',
      data: { python: { type: 'ValueError' } },
    })
    const error: unknown = await failing.catch((thrown: unknown) => thrown)
    const { message, cause } = error as Error
    expect(message + String((cause as Error).stack)).not.toContain('a secret word')
    expect((cause as Error).stack).toContain('troubled.py')
    await expect(episode.reset()).resolves.toMatchObject({ done: false })
  })

  it('says whether many sessions may run at a time [IM-13]', async () => {
    expect(environment.concurrent).toBe(true)
    expect((await made.open({ sessions: 'single' })).concurrent).toBe(false)
  })

  it('cannot be made of a source that cannot be loaded, and says where that failed', async () => {
    const broken = made.open({
      source: { kind: 'ors', path: 'vendor/troubled', module: 'nothing', attribute: 'Troubled' },
    })
    await expect(broken).rejects.toMatchObject({
      code: 'FACTORY_ERROR',
      message: expect.stringContaining("ModuleNotFoundError: No module named 'nothing'") as string,
      data: { python: { traceback: expect.stringContaining('ors.py') as string } },
    })
    const other = made.open({
      source: { kind: 'ors', path: 'vendor/troubled', module: 'troubled', attribute: 'SCHEMA' },
    })
    await expect(other).rejects.toThrow('troubled.SCHEMA is no environment class')
    const missing = made.open({
      source: { kind: 'ors', path: 'vendor/gone', module: 'troubled', attribute: 'Troubled' },
    })
    await expect(missing).rejects.toThrow('the package lacks its source')
  })
})

function call(tool_name: string, text = ''): ToolAction {
  return { type: 'call_tool', tool_name, arguments: { text } }
}

function promptOf({ observation }: Reply<unknown>): unknown {
  return (observation as { prompt: unknown }).prompt
}

function errorOf({ observation }: Reply<unknown>): unknown {
  return (observation as { error: unknown }).error
}

function said({ observation }: Reply<unknown>): unknown {
  return (observation as { result: { content: { text: string }[] } }).result.content[0]?.text
}
