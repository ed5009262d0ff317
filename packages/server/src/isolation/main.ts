// What runs in an executor, a thread or a process of its own: loads the environment and performs one call at a time.
import { AsyncLocalStorage } from 'node:async_hooks'
import { parentPort } from 'node:worker_threads'
import { OpenEnvError, type AnyEnvironment } from '@openenv-ts/core'
import { isObject } from '@openenv-ts/core/host'
import { processChannel, threadChannel } from './channel.ts'
import { EpisodeHost, floats } from './host.ts'
import { guardKill } from './kill-guard.ts'
import { boundOutput } from './output.ts'
import type { ExecutorConfig } from './protocol.ts'
import { sendError } from './sent-error.ts'
import { startWatchdog } from './watchdog.ts'

/** Of a process that may use so much of JavaScript's heap: what it may use beside it. */
const BESIDE_HEAP_MB = 256
const MIB = 1024 * 1024

const [, , configText = '{}', memoryMb = '', server = '', mark = ''] = process.argv
const config = JSON.parse(configText) as ExecutorConfig
const { post, listen } = parentPort === null ? processChannel(endGroup) : threadChannel(parentPort)
/** Whose code runs, across everything that it waits for. */
const whose = new AsyncLocalStorage<number>()

boundOutput()
reportUncaught()
if (parentPort === null) {
  startWatchdog(Number(server), (Number(memoryMb) + BESIDE_HEAP_MB) * MIB, mark)
}
guardKill(parentPort === null ? Number(server) : process.pid)
await start()

async function start(): Promise<void> {
  let environment: AnyEnvironment
  try {
    environment = await loadEnvironment()
  } catch (error) {
    post({ type: 'unfit', error: sendError(error, 'loading') })
    return
  }
  const limitSeconds = environment.limits.stepSeconds ?? config.stepSeconds
  const host = new EpisodeHost(environment, limitSeconds, (call, progress) => {
    post({ type: 'progress', call, progress })
  })
  listen((message) => {
    switch (message.type) {
      case 'call':
        void whose
          .run(message.episode, () => host.perform(message))
          .then((answer) => {
            post({ type: 'answer', call: message.call, ...answer })
          })
        return
      case 'abort':
        host.abort()
        return
      case 'forget':
        host.forget(message.episode)
    }
  })
  post({ type: 'hello', floats: floats(environment), limitSeconds })
}

async function loadEnvironment(): Promise<AnyEnvironment> {
  const { module, loader } = config
  if (loader !== null) {
    const loading = (await import(loader)) as { load(module: string): Promise<AnyEnvironment> }
    return loading.load(module)
  }
  const { default: environment } = (await import(module)) as { default?: unknown }
  if (isObject(environment) && typeof environment['start'] === 'function') {
    return environment as unknown as AnyEnvironment
  }
  throw new OpenEnvError('FACTORY_ERROR', `${module} default-exports no environment.`)
}

/** Tells of what nobody caught, and of an exit, whose code it came from. */
function reportUncaught(): void {
  const report = (error: unknown, ends = false): void => {
    post({ type: 'uncaught', episode: whose.getStore() ?? null, error: sendError(error, 'no call'), ends })
  }
  const caught = (cause: unknown): void => {
    report(
      new OpenEnvError('EXECUTION_ERROR', 'Nobody caught what the environment threw beside its calls.', {
        cause,
      }),
    )
  }
  process.on('uncaughtException', caught)
  process.on('unhandledRejection', caught)
  const exit = process.exit.bind(process)
  process.exit = (code) => {
    const message = `The environment called process.exit(${String(code ?? '')}).`
    report(new OpenEnvError('EXECUTION_ERROR', message), true)
    return exit(code)
  }
}

/** The server is gone: nothing that was started for it stays. */
function endGroup(): void {
  try {
    process.kill(-process.pid, 'SIGKILL')
  } catch {
    process.kill(process.pid, 'SIGKILL')
  }
}
