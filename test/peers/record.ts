// Records what the Python servers answer to exchanges.ts, for test/wire-fixtures.test.ts:
//   npx jiti test/peers/record.ts
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { converse, holdSession, request } from './converse.ts'
import { HTTP_EXCHANGES, SOCKET_EXCHANGES } from './exchanges.ts'
import { install, servePython, type Peer } from './peers.ts'

const HERE = dirname(fileURLToPath(import.meta.url))
const RECORDED: readonly Peer[] = ['openenv-0.10.0', 'openenv-core-0.2.3']
const VERSIONS_OF = ['openenv', 'openenv-core', 'fastapi', 'starlette', 'pydantic', 'uvicorn', 'websockets']

await install(...RECORDED)
for (const peer of RECORDED) {
  const folder = join(HERE, '../fixtures', peer)
  mkdirSync(folder, { recursive: true })
  const provenance = provenanceOf(peer)

  await using server = await servePython(peer, 'lock')
  await using full = await servePython(peer, 'lock', '--sessions', '1')
  await using _held = await holdSession(full.url)
  const conversations = []
  for (const exchange of SOCKET_EXCHANGES) {
    conversations.push(await converse(exchange.atCapacity === true ? full.url : server.url, exchange))
  }
  write(join(folder, 'socket.json'), { provenance, exchanges: conversations })

  const answers = []
  for (const exchange of HTTP_EXCHANGES) answers.push(await request(server.url, exchange))
  write(join(folder, 'http.json'), { provenance, exchanges: answers })
}

function write(path: string, content: unknown): void {
  writeFileSync(path, `${JSON.stringify(content, null, 1)}\n`)
  console.log(`Wrote ${path}`)
}

/** Which packages answered, and when. */
function provenanceOf(peer: Peer): Readonly<Record<string, unknown>> {
  const script = `
import json, platform
from importlib.metadata import PackageNotFoundError, version
found = {"python": platform.python_version()}
for name in ${JSON.stringify(VERSIONS_OF)}:
    try:
        found[name] = version(name)
    except PackageNotFoundError:
        pass
print(json.dumps(found))`
  const python = join(HERE, '../../.venvs', peer, 'bin/python')
  return {
    about:
      'Answers of the stock Python server to test/peers/exchanges.ts, taken down by test/peers/record.ts.',
    environment: 'lock of test/peers/python_server.py',
    recorded: new Date().toISOString().slice(0, 10),
    versions: JSON.parse(execFileSync(python, ['-c', script], { encoding: 'utf8' })) as unknown,
  }
}
