// Runs in a thread of its own: sends one frame again and again, waits each time for what comes of it, and tells it.
import { parentPort, workerData } from 'node:worker_threads'
import { RESET } from './load.ts'
import { FRAMES } from './neighbor.ts'
import { BenchSocket, frameOf } from './socket.ts'
import type { Offense } from './offense.ts'

const CONNECT_TIMEOUT_MS = 10_000
/** Rest before and between frames, so that each hits a server at ease. */
const REST_MS = 100

const { port, frames, sent } = workerData as Offense
const text = FRAMES[sent]?.make() ?? ''
const frame = text === '' ? null : frameOf(text)

let answered = ''
for (let count = 0; count < frames; count += 1) {
  await new Promise((resolve) => setTimeout(resolve, REST_MS))
  if (frame === null) continue
  const socket = await BenchSocket.open(port, CONNECT_TIMEOUT_MS)
  await socket.ask(RESET)
  answered = await socket.ask(frame).then(inShort, (error: unknown) => (error as Error).message)
  socket.destroy()
}
parentPort?.postMessage(answered)

function inShort(reply: string): string {
  const code =
    /"code":"(\w+)"/.exec(reply.slice(-2000))?.[1] ?? /"code":"(\w+)"/.exec(reply.slice(0, 2000))?.[1]
  return code ?? reply.slice(9, 20)
}
