// What runs in an executor, a thread or a process of its own: loads the environment and performs one call at a time.
import { AsyncLocalStorage } from 'node:async_hooks'
import { parentPort, type MessagePort } from 'node:worker_threads'
import { isObject, OpenEnvError, type AnyEnvironment } from '@openenv-ts/core'
import { EpisodeHost, floats } from './host.ts'
import { boundOutput } from './output.ts'
import {
  sendError,
  type Answer,
  type ExecutorConfig,
  type FromExecutor,
  type ToExecutor,
} from './protocol.ts'
import { startWatchdog } from './watchdog.ts'

/** Of a process that may use so much of JavaScript's heap: what it may use beside it. */
const BESIDE_HEAP_MB = 256
const MIB = 1024 * 1024

const [, , configText = '{}', memoryMb = '', server = ''] = process.argv
const config = JSON.parse(configText) as ExecutorConfig
const post = line()
/** Whose code runs, across everything that it waits for. */
const whose = new AsyncLocalStorage<number>()

boundOutput()
reportStrays()
if (parentPort === null) {
  process.on('disconnect', endGroup)
  startWatchdog(Number(server), (Number(memoryMb) + BESIDE_HEAP_MB) * MIB)
}
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
  const host = new EpisodeHost(environment, limitSeconds, (progress) => {
    post({ type: 'progress', progress })
  })
  listen((message) => {
    switch (message.type) {
      case 'call':
        void whose
          .run(message.episode, () => host.perform(message))
          .then((answer) => {
            post({ type: 'answer', ...answer })
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

/** The way to the server. What cannot cross as it is crosses as JSON, which is all that a client would see of it. */
function line(): (message: FromExecutor) => void {
  const write = parentPort === null ? processLine() : threadLine(parentPort)
  return (message) => {
    try {
      write(message)
    } catch {
      write(asJson(message))
    }
  }
}

function threadLine(port: MessagePort): (message: FromExecutor) => void {
  return (message) => {
    port.postMessage(message, bytesOf(message))
  }
}

function processLine(): (message: FromExecutor) => void {
  // Kept: the environment may take it for its own.
  const send = process.send?.bind(process)
  return (message) => {
    send?.(message, undefined, undefined, (error) => {
      if (error !== null) endGroup()
    })
  }
}

function asJson(message: FromExecutor): FromExecutor {
  if (message.type !== 'answer') return message
  const { value, error } = message
  try {
    return { ...message, ...(JSON.parse(JSON.stringify({ value, error })) as Answer) }
  } catch (cause) {
    return { ...message, value: undefined, error: sendError(cause, 'the call') }
  }
}

/** Positions are handed over, not copied. */
function bytesOf(message: FromExecutor): ArrayBuffer[] {
  if (message.type !== 'answer') return []
  const bytes = message.standing?.bytes
  return bytes === undefined || bytes === null ? [] : [bytes.buffer as ArrayBuffer]
}

function listen(take: (message: ToExecutor) => void): void {
  if (parentPort === null) process.on('message', take)
  else parentPort.on('message', take)
}

/** Tells of what nobody caught, and of an exit, whose code it came from. */
function reportStrays(): void {
  const report = (error: unknown, ends = false): void => {
    post({ type: 'stray', episode: whose.getStore() ?? null, error: sendError(error, 'no call'), ends })
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
