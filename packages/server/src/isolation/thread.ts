import { Worker } from 'node:worker_threads'
import type { Launch, LaunchOptions } from './line.ts'
import { passOn } from './output.ts'
import type { FromExecutor } from './protocol.ts'

/** Executors that are threads of this process. */
export function threads({ entry, config, memoryMb, execArgv }: LaunchOptions): Launch {
  return ({ message, print, ended }) => {
    const worker = new Worker(entry, {
      argv: [config],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
    })
    let cause: string | null = null
    passOn(worker.stdout, print)
    passOn(worker.stderr, print)
    worker.on('message', (received: FromExecutor) => {
      message(received)
    })
    worker.on('error', (error: NodeJS.ErrnoException) => {
      cause =
        error.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? `used up the ${String(memoryMb)} MB of its worker`
          : `ended its worker: ${error.message}`
    })
    worker.on('exit', (code) => {
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
