import { once } from 'node:events'
import { createServer } from 'node:http'
import { writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { folder } from '../test/command.ts'
import { run } from './index.ts'
import { jsonLog } from './json-log.ts'
import { Output, style, tableOf } from './terminal.ts'

/** Everything that a terminal, or whoever reads along, could be fooled with. */
const BAD = '\u001b]0;owned\u0007\u001b[31m\u009b2J\r\b\u007f\u202e\u2066\u200b\u2028\u{e0041}\ud800'
const HARMFUL = /[^\n\P{Cc}]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

afterEach(() => {
  vi.restoreAllMocks()
})

/** Runs the command in this process; answers its exit code and every byte that it wrote. */
async function written(...args: string[]): Promise<{ readonly code: number; readonly text: string }> {
  const pieces: string[] = []
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => pieces.push(String(text)) > 0)
  }
  const code = await run(args)
  vi.restoreAllMocks()
  return { code, text: pieces.join('') }
}

/** A server whose every text is hostile; `refused` answers its tasks with an error. */
async function hostileServer(
  kind: 'answers' | 'refuses' | 'fails',
): Promise<AsyncDisposable & { url: string }> {
  const text = `x${BAD}y\nerror: all is lost`
  const schema = {
    type: 'object',
    description: text,
    properties: { [text]: { const: text } },
    required: [text],
  }
  const tasks = [{ id: text, split: text, index: 0, [text]: text, more: [text] }]
  const answers: Readonly<Record<string, unknown>> = {
    '/health': { status: text },
    '/metadata': { name: text, description: text, version: text },
    '/schema': { action: schema, observation: schema, state: schema },
    '/list_environments': [text],
    ...(kind === 'refuses' ? {} : { splits: [{ name: text, type: text }], tasks: { tasks, env_name: text } }),
  }
  const server = createServer((request, response) => {
    const path = String(request.url)
    const answer = answers[path] ?? answers[path.split('/').at(-1) ?? '']
    const status = kind === 'fails' ? 500 : answer === undefined ? 422 : 200
    const body =
      status === 200
        ? answer
        : { detail: text, message: text, code: 'EXECUTION_ERROR', errors: [{ loc: [text], msg: text }] }
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const BY_URL = [
  ['info'],
  ['info', '--json'],
  ['tasks'],
  ['tasks', '--json'],
  ['tasks', '--split', 'none'],
  ['eval', '--policy', 'noop'],
  ['eval', '--policy', 'random', '--json'],
  ['eval', '--policy', 'baseline'],
  ['eval', '--policy', 'constant', '--task', 'none'],
  ['rollout', '--split', 'none'],
]

describe('what a hostile server says', () => {
  for (const kind of ['answers', 'refuses', 'fails'] as const) {
    it.each(BY_URL)(`reaches the terminal escaped where it ${kind}: %s %s %s`, async (command, ...flags) => {
      await using server = await hostileServer(kind)
      await using here = await folder()
      vi.spyOn(process, 'cwd').mockReturnValue(here.path)
      const out = command === 'info' || command === 'tasks' ? [] : ['--out', join(here.path, 'run')]
      const { text, code } = await written(command, server.url, ...flags.filter(Boolean), ...out)
      expect(text).not.toBe('')
      expect(HARMFUL.exec(text)?.index ?? -1, JSON.stringify(text)).toBe(-1)
      // No line of the command's own is made by a line feed of the server's.
      if (kind === 'answers') expect(text).not.toMatch(/^error: all is lost/m)
      if (flags.includes('--json') && code === 0) expect(() => JSON.parse(text) as unknown).not.toThrow()
    })
  }
})

const SETTINGS = {
  ...{ env: 'echo', env_version: null, url: null, policy: 'p', policy_settings: {}, model: null, seed: 0 },
  ...{ tasks: [{ task_id: null, split: null }], repeats: 1, group: false },
  limits: { steps: null, seconds: null, tokens: null, invalid_actions: 1 },
}
const MANIFEST = {
  schema_version: 1,
  created_at: '2026-01-01T00:00:00.000Z',
  settings: SETTINGS,
  versions: {},
}

const FOLDERS: Readonly<Record<string, { readonly manifest: unknown; readonly episodes?: string }>> = {
  'the name of the environment': { manifest: { ...MANIFEST, settings: { ...SETTINGS, env: BAD } } },
  'the source': { manifest: { ...MANIFEST, settings: { ...SETTINGS, env: 'x' }, source: BAD } },
  'the URL': { manifest: { ...MANIFEST, settings: { ...SETTINGS, url: BAD } } },
  'an unknown key of the manifest': { manifest: { ...MANIFEST, [BAD]: 1 } },
  'an unknown key of the settings': { manifest: { ...MANIFEST, settings: { ...SETTINGS, [BAD]: 1 } } },
  'what should be a date': { manifest: { ...MANIFEST, created_at: BAD } },
  'a manifest that is not JSON': { manifest: BAD },
  'a line that is not JSON': { manifest: MANIFEST, episodes: `${BAD}\n` },
  'an unknown key of an episode': { manifest: MANIFEST, episodes: `${JSON.stringify({ [BAD]: 1 })}\n` },
  'an outcome of an episode': { manifest: MANIFEST, episodes: `${JSON.stringify({ outcome: BAD })}\n` },
}

describe('what a hostile run folder says', () => {
  it.each(Object.entries(FOLDERS))(
    'reaches the terminal escaped: %s',
    async (_name, { manifest, episodes = '' }) => {
      await using here = await folder({ 'run/episodes.jsonl': episodes })
      await writeFile(join(here.path, 'run/manifest.json'), manifest === BAD ? BAD : JSON.stringify(manifest))
      for (const args of [
        ['replay', join(here.path, 'run')],
        ['replay', join(here.path, 'run'), '--env', 'echo', '--json'],
        ['eval', 'echo', '--resume', '--out', join(here.path, 'run')],
      ]) {
        const { text } = await written(...args)
        expect(text).not.toBe('')
        expect(HARMFUL.exec(text)?.index ?? -1, JSON.stringify(text)).toBe(-1)
      }
    },
  )
})

describe('what the user typed', () => {
  it.each([
    [`x${BAD}`],
    ['eval', `x${BAD}`],
    ['eval', 'echo', `--${BAD}`],
    ['eval', 'echo', '--policy', BAD],
    ['eval', 'echo', '--model', 'm', '--repeats', BAD],
    ['serve', 'echo', '--host', `a ${BAD}`],
    ['info', `http://${BAD}`],
    ['init', BAD],
    ['import', BAD, '--name', 'a', '--output-dir', 'b'],
    ['replay', `no${BAD}`],
  ])('is repeated escaped: %j %j %j %j', async (...args) => {
    const { text, code } = await written(...args)
    expect(text).toMatch(/^error: /)
    expect(HARMFUL.exec(text)?.index ?? -1, JSON.stringify(text)).toBe(-1)
    expect(code).toBe(2)
  })
})

describe('the terminal', () => {
  it('gets colors from the command and from nobody else', () => {
    const through = new PassThrough()
    const output = new Output(Object.assign(through, { isTTY: true }) as unknown as NodeJS.WriteStream)
    vi.stubEnv('NO_COLOR', '')
    vi.stubEnv('TERM', 'xterm')
    output.line(style('bold', `a${BAD}`), ' \u001b[1mb')
    vi.unstubAllEnvs()
    const text = String(through.read())
    expect(text).toMatch(/^\u001b\[1ma.*\u001b\[22m \\u001b\[1mb\n$/)
    expect(text.match(/\u001b/g)).toHaveLength(2)
  })

  it('gets tables of one line a row, with cells of bounded width', () => {
    const table = tableOf(['task'], [[`a${BAD}\nb`], ['x'.repeat(10_000)]])
    expect(table).not.toMatch(HARMFUL)
    expect(table.split('\n')).toHaveLength(6)
    expect(Math.max(...table.split('\n').map(({ length }) => length))).toBeLessThan(400)
  })

  it('gets logs in JSON whose values are whole', () => {
    const spy = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    jsonLog([])({ level: 'error', message: BAD, cause: new Error(BAD) })
    const [[line] = []] = spy.mock.calls
    vi.restoreAllMocks()
    expect(String(line)).not.toMatch(HARMFUL)
    expect(JSON.parse(String(line))).toMatchObject({ message: BAD, error: { message: BAD } })
  })
})
