import { Worker } from 'node:worker_threads'
import { isObject } from '@openenv-ts/core/host'
import { endMarked, newMark } from './descendants.ts'
import type { Launch, LaunchOptions } from './transport.ts'
import { passOn } from './output.ts'
import { threadVariables } from './surroundings.ts'

const MAX_REASON = 1000

/** Executors that are threads of this process. */
export function threads({ entry, config, memoryMb, execArgv }: LaunchOptions): Launch {
  return ({ message, broken, print, ended }) => {
    const mark = newMark()
    const worker = new Worker(entry, {
      argv: [config],
      env: threadVariables(mark),
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
    })
    let cause: string | null = null
    passOn(worker.stdout, print)
    passOn(worker.stderr, print)
    worker.on('message', message)
    worker.on('messageerror', () => {
      broken('a message that cannot be read')
    })
    // What was thrown over there, which may be anything.
    worker.on('error', (thrown: unknown) => {
      cause =
        isObject(thrown) && thrown['code'] === 'ERR_WORKER_OUT_OF_MEMORY'
          ? `used up the ${String(memoryMb)} MB of its worker`
          : `ended its worker: ${reasonOf(thrown)}`
    })
    worker.on('exit', (code) => {
      void endMarked(mark)
      ended(cause ?? `ended its worker with exit code ${String(code)}`)
    })
    return {
      send: (sent) => {
        worker.postMessage(sent)
      },
      kill: () => {
        void worker.terminate()
      },
      hold: (held) => {
        if (held) worker.ref()
        else worker.unref()
      },
    }
  }
}

function reasonOf(thrown: unknown): string {
  const reason = isObject(thrown) ? thrown['message'] : thrown
  return typeof reason === 'string' ? reason.slice(0, MAX_REASON) : 'something was thrown that is no error'
}
