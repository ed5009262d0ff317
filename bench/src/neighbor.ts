import { Worker } from 'node:worker_threads'
import { OURS, start } from './contestant.ts'
import { openSessions, STEP } from './load.ts'
import type { Offense } from './offense.ts'
import { median } from './statistics.ts'

/** What one session's steps suffered while another sent something. */
export interface Delay {
  readonly sent: string
  /** What [OE-10] allows, in milliseconds; null for the quiet run. */
  readonly allowedMs: number | null
  readonly medianMs: number
  /** The largest delay of any step, over all frames. */
  readonly largestMs: number
  /** What came back: a code, a close, or a reply. */
  readonly answered: string
}

/** Milliseconds between the steps of the session that is measured. */
const PACE_MS = 2
const MIB = 1024 * 1024

const step = (rest: string): string => `{"type":"step","data":{${rest}}}`
const filled = (bytes: number, item: string): string => item.repeat(Math.floor(bytes / item.length))

/** Frames by what they are; made where they are sent, since some are large. */
export const FRAMES: Readonly<
  Record<string, { readonly allowedMs: number | null; readonly make: () => string }>
> = {
  nothing: { allowedMs: null, make: () => '' },
  '1 MiB of text': { allowedMs: 50, make: () => step(`"message":"${filled(MIB - 100, 'text ')}"`) },
  '1 MiB of escapes': { allowedMs: 50, make: () => step(`"message":"${filled(MIB - 100, '\\u00e9')}"`) },
  '1 MiB of three-byte characters': {
    allowedMs: 50,
    make: () => step(`"message":"${'世'.repeat(MIB / 3 - 100)}"`),
  },
  '1 MiB in 99,000 values': {
    allowedMs: 50,
    make: () => step(`"message":[${filled(99_000 * 10, '12345.678,')}0]`),
  },
  '1 MiB in 45,000 unknown keys': {
    allowedMs: 50,
    make: () =>
      step(Array.from({ length: 45_000 }, (_, index) => `"key${String(index)}":1${String(index)}000`).join()),
  },
  '1 MiB, 199 deep': {
    allowedMs: 50,
    make: () =>
      step(`"message":${filled(600, '[[[[').slice(0, 190)}"${'x'.repeat(MIB - 600)}"${']'.repeat(190)}`),
  },
  '100,000 deep': {
    allowedMs: 50,
    make: () => step(`"message":${'['.repeat(100_000)}${']'.repeat(100_000)}`),
  },
  '8,000,000 values': { allowedMs: 50, make: () => step(`"message":[${'0,'.repeat(7_999_999)}0]`) },
  '15 MiB that is no JSON at its end': {
    allowedMs: 50,
    make: () => step(`"message":"${'x'.repeat(15 * MIB)}"`).slice(0, -1),
  },
  '15 MiB of escapes, then no JSON': {
    allowedMs: 50,
    make: () => step(`"message":"${filled(15 * MIB, '\\u00e9')}"`).slice(0, -1),
  },
  '15 MiB of an unknown type': {
    allowedMs: 50,
    make: () => `{"type":"jump","data":"${'x'.repeat(15 * MIB)}"}`,
  },
  'over 16 MiB': { allowedMs: 50, make: () => step(`"message":"${'x'.repeat(16 * MIB)}"`) },
  'legal, 16 MiB of text': { allowedMs: 250, make: () => step(`"message":"${'x'.repeat(16 * MIB - 100)}"`) },
  'legal, 16 MiB of escapes': {
    allowedMs: 250,
    make: () => step(`"message":"${filled(16 * MIB - 100, '\\u00e9')}"`),
  },
}

/**
 * Steps one session at a fixed pace while a thread of its own sends frames on another, one at a time, and takes the
 * largest delay of a step. Delays of this machine's own count too: the first line, with nothing sent, shows them.
 */
export async function neighborDelays(framesEach: number): Promise<readonly Delay[]> {
  const delays: Delay[] = []
  for (const [sent, { allowedMs }] of Object.entries(FRAMES)) {
    await using server = await start(OURS)
    const [session] = await openSessions(server.port, 1)
    if (session === undefined) continue
    const waits: number[] = []
    const sentAt: number[] = []
    session.onReply = () => {
      waits.push(performance.now() - (sentAt.shift() ?? NaN))
    }
    const pace = setInterval(() => {
      // A delay of this process is not the server's: the clock starts when the step goes out.
      sentAt.push(performance.now())
      session.send(STEP)
    }, PACE_MS)
    const answered = await offend({ port: server.port, frames: framesEach, sent })
    clearInterval(pace)
    session.destroy()
    delays.push({ sent, allowedMs, answered, medianMs: median(waits), largestMs: Math.max(...waits) })
  }
  return delays
}

function offend(offense: Offense): Promise<string> {
  const worker = new Worker(new URL('./offender.js', import.meta.url), { workerData: offense })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
