import { realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { connectMcp } from './index.ts'

const ADDER = fileURLToPath(new URL('../../test/stdio-server.mjs', import.meta.url))

describe('connectMcp, to a program', () => {
  it('starts it, uses its tools and ends it', async () => {
    await using tools = await connectMcp({ command: process.execPath, args: [ADDER] })
    expect([tools.server, tools.instructions]).toEqual([{ name: 'adder', version: '1.0.0' }, 'Add.'])
    expect(await tools.callTool('add', { a: 2, b: 3 })).toEqual({
      content: [{ type: 'text', text: '5' }],
      isError: false,
    })
    expect(await tools.callTool('fail', {})).toMatchObject({ isError: true })
    await tools.close()
    await tools.close()
    await expect(tools.callTool('add', { a: 1, b: 1 })).rejects.toMatchObject({ code: 'CONNECTION_ERROR' })
  })

  it('gives it arguments, variables and a folder', async () => {
    const cwd = realpathSync(tmpdir())
    await using tools = await connectMcp({
      command: process.execPath,
      args: [ADDER, '--fast'],
      env: { WORD: 'hello' },
      cwd,
    })
    const { content } = await tools.callTool('where', {})
    expect(content).toEqual([
      { type: 'text', text: JSON.stringify({ folder: cwd, word: 'hello', args: ['--fast'] }) },
    ])
  })

  it('shows a link as words', async () => {
    await using tools = await connectMcp({ command: process.execPath, args: [ADDER] })
    const { content } = await tools.callTool('link', {})
    expect(content).toEqual([{ type: 'text', text: 'notes\nMy notes.\nfile:///notes' }])
  })

  it('says that there is no such program', async () => {
    await expect(connectMcp({ command: 'no-such-program-anywhere' })).rejects.toMatchObject({
      code: 'CONNECTION_ERROR',
      message: expect.stringContaining('no-such-program-anywhere') as string,
    })
  })
})
