import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connectWith } from './connect.ts'
import { opener } from './open-socket.web.ts'
import { observation, Raw, scriptedServer } from '../test/scripted-server.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))

/** `connect` as a bundle for the web has it. */
const connectInPage = connectWith(opener)

/** Bundles a module that imports the package by its name, for browsers or for Node. */
async function bundle(code: string, platform: 'browser' | 'node'): Promise<string> {
  const entry = 'virtual:entry'
  const conditions = ['@openenv-ts/source', platform, 'import']
  const built = await build({
    root: HERE,
    configFile: false,
    logLevel: 'error',
    resolve: { conditions },
    ssr: { noExternal: true, resolve: { conditions } },
    build: {
      write: false,
      minify: true,
      target: 'es2022',
      ssr: platform === 'node',
      rolldownOptions: {
        input: entry,
        output: { format: platform === 'node' ? 'es' : 'iife', name: 'bundled' },
        ...(platform === 'node' ? {} : { preserveEntrySignatures: 'strict' as const }),
      },
    },
    plugins: [
      {
        name: 'entry',
        enforce: 'pre',
        resolveId: (id) => (id === entry ? join(HERE, 'virtual-entry.ts') : undefined),
        load: (id) => (id.endsWith('virtual-entry.ts') ? code : undefined),
      },
    ],
  })
  const [output] = [built].flat()
  if (output === undefined || !('output' in output)) throw new Error('Nothing was built.')
  return output.output[0].code
}

it('runs in a browser: no module of Node in the bundle, the global WebSocket, 35 kB', async () => {
  const code = await bundle(`export { connect } from '@openenv-ts/client'`, 'browser')
  expect(code).not.toMatch(/\brequire\(|from ?["'](node:|ws["'])/)
  expect(gzipSync(code).length).toBeLessThan(35_000)
  // What a page has, and nothing of Node.
  const page = createContext({
    ...{ WebSocket, fetch, Headers, AbortController, AbortSignal, URL, TextEncoder, TextDecoder },
    ...{ setTimeout, clearTimeout, crypto, structuredClone, btoa },
  })
  const { connect } = runInContext(`${code};bundled`, page) as { connect: typeof connectInPage }
  await using server = await scriptedServer()
  const episode = await connect(server.url, { token: 'sécret?' })
  await episode.reset()
  expect((await episode.step({})).observation).toEqual({ count: 1 })
  await episode.close()
  const protocols = server.connections[0]?.request.headers['sec-websocket-protocol'] ?? ''
  expect(protocols).toBe('openenv,bearer.c8OpY3JldD8')
})

it('says what is missing where there is no WebSocket', async () => {
  const globals = globalThis as { WebSocket?: unknown }
  const before = globals.WebSocket
  delete globals.WebSocket
  try {
    await expect(connectInPage('http://h')).rejects.toThrow('give the option `WebSocket`')
  } finally {
    if (before !== undefined) globals.WebSocket = before
  }
})

it('lets a process end once its episodes are closed, whatever went wrong, with nothing unhandled', async () => {
  const code = await bundle(
    `
    import { connect, info, listTasks } from '@openenv-ts/client'
    const [url, nowhere] = process.argv.slice(2)
    const failed = (call) => call.then(() => { throw new Error('it did not fail') }, (error) => error.code)
    const codes = []
    codes.push(await failed(connect(nowhere, { retries: 1 })))
    codes.push(await failed(info(nowhere)))
    codes.push(await failed(listTasks(url)))
    const episode = await connect(url)
    await episode.reset()
    codes.push(await failed(episode.step({ do: 'wait' }, { timeoutMs: 20 })))
    await episode.reset()
    codes.push(await failed(episode.step({ do: 'drop' })))
    await episode.reset()
    codes.push(await failed(episode.step({ do: 'garbage' })))
    await episode.reset()
    const waiting = failed(episode.step({ do: 'wait' }, { timeoutMs: Infinity }))
    const queued = failed(episode.state())
    await episode.close()
    codes.push(await waiting, await queued)
    const idle = await connect(url)
    await idle.close()
    console.log(codes.join(' '))
    `,
    'node',
  )
  const folder = await mkdtemp(join(tmpdir(), 'openenv-client-'))
  await using server = await scriptedServer({
    answer: ({ data }, { socket }) => {
      if (data?.['do'] === 'wait') return undefined
      if (data?.['do'] === 'drop') socket.terminate()
      return data?.['do'] === 'garbage' ? 'garbage' : observation({})
    },
    http: () => new Raw(404, '{"detail":"Not Found"}'),
  })
  const gone = await scriptedServer()
  await gone.close()
  try {
    await writeFile(join(folder, 'play.mjs'), code)
    const child = spawn(process.execPath, [join(folder, 'play.mjs'), server.url, gone.url], {
      timeout: 20_000,
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
    const ended = await new Promise((resolve) =>
      child.on('close', (status, signal) => {
        resolve([status, signal])
      }),
    )
    expect(said.trim().split(' ')).toEqual([
      ...['CONNECTION_ERROR', 'CONNECTION_ERROR', 'NOT_SUPPORTED', 'TIMEOUT', 'CONNECTION_ERROR'],
      ...['CONNECTION_ERROR', 'CANCELLED', 'CANCELLED'],
    ])
    expect(ended).toEqual([0, null])
  } finally {
    await rm(folder, { recursive: true })
  }
})
