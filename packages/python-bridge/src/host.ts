import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { existsSync } from 'node:fs'
import { isOpenEnvError, OpenEnvError } from '@openenv-ts/core'
import { BridgeProcess, type SessionLine } from './bridge-process.ts'
import type { Description } from './contract.ts'
import { DEFAULT_TIMEOUTS, type PythonEnvironmentOptions, type PythonTimeouts } from './options.ts'
import { GoneError, LateError, PythonError } from './rpc.ts'
import { virtualEnvironment } from './virtual-environment.ts'

/**
 * The Python side of one environment: its virtual environment, and the process that runs now. One that has ended is
 * replaced when it is next needed.
 */
export class PythonHost {
  readonly timeouts: Required<PythonTimeouts>
  readonly #options: PythonEnvironmentOptions
  readonly #folder: string
  #process: Promise<BridgeProcess> | null = null

  constructor(options: PythonEnvironmentOptions) {
    this.#options = options
    this.#folder = typeof options.package === 'string' ? options.package : fileURLToPath(options.package)
    this.timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts }
  }

  /** What the source says of itself; starts Python when it does not run. */
  async describe(): Promise<Description> {
    return (await this.#current()).description
  }

  /** Asks without a session. Throws OpenEnvError. */
  async ask(method: string, params: unknown): Promise<unknown> {
    const process = await this.#current()
    return asOpenEnv(method, () => process.request(method, params, this.timeouts.open))
  }

  /** A way for the calls of a new session. Throws OpenEnvError. */
  async line(): Promise<SessionLine> {
    const process = await this.#current()
    return asOpenEnv('open', () => process.line())
  }

  /** Ends Python in order; the next call starts it again. */
  async close(): Promise<void> {
    const process = await this.#process?.catch(() => null)
    this.#process = null
    await process?.close()
  }

  async #current(): Promise<BridgeProcess> {
    const now = await this.#process?.catch(() => null)
    if (now?.alive === true) return now
    const starting = (this.#process = this.#start())
    return starting
  }

  async #start(): Promise<BridgeProcess> {
    const { source, python, sessions, variables = [], onOutput } = this.#options
    const vendored = isAbsolute(source.path) ? source.path : join(this.#folder, source.path)
    if (!existsSync(vendored)) {
      throw new OpenEnvError(
        'FACTORY_ERROR',
        `There is no folder ${source.path} in ${this.#folder}: the package lacks its source.`,
      )
    }
    const interpreter = await virtualEnvironment({
      folder: this.#folder,
      requires: python.requires,
      requirements: python.requirements,
      seconds: this.timeouts.install,
      onProgress: (line) => process.stderr.write(`${this.#options.name}: ${line}\n`),
    })
    const src = join(vendored, 'src')
    const entry = {
      kind: source.kind,
      module: source.module,
      attribute: source.attribute,
      paths: [...(existsSync(src) ? [src] : []), vendored],
      arguments: this.#options.arguments ?? {},
      strict_scoring: this.#options.strictScoring ?? false,
      max_turns: this.#options.maxTurns ?? 100,
    }
    const onLine = onOutput ?? forwarding(this.#options.name)
    return asOpenEnv('load', () =>
      BridgeProcess.start({
        python: interpreter,
        folder: vendored,
        entry,
        sessions,
        // Compiled modules lie with the environment: neither the source nor this package is written to.
        env: { ...surroundings(variables), PYTHONPYCACHEPREFIX: join(this.#folder, '.venv', 'pycache') },
        loadSeconds: this.timeouts.load,
        closeSeconds: this.timeouts.close,
        ...(onLine === undefined ? {} : { onOutput: onLine }),
      }),
    )
  }
}

/**
 * Turns what went wrong in Python into an error of the table.
 *
 * @param doing - The call, for its sentence.
 */
export async function asOpenEnv<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (isOpenEnvError(cause)) throw cause
    throw translated(doing, cause)
  }
}

function translated(doing: string, cause: unknown): OpenEnvError {
  if (cause instanceof LateError) return new OpenEnvError('TIMEOUT', cause.message, { cause })
  if (cause instanceof GoneError) return new OpenEnvError('EXECUTION_ERROR', cause.message, { cause })
  if (!(cause instanceof PythonError))
    return new OpenEnvError('EXECUTION_ERROR', `Python failed during ${doing}.`, { cause })
  const { kind, type, traceback } = cause.fault
  const data = { python: { type, ...(doing === 'load' ? { traceback } : {}) } }
  switch (kind) {
    case 'not_found':
      return new OpenEnvError('VALIDATION_ERROR', cause.message, { http: 400, cause })
    case 'scoring':
      return new OpenEnvError('EXECUTION_ERROR', cause.message, { cause, data: { part: 'grader' } })
    case 'source':
      return new OpenEnvError('FACTORY_ERROR', cause.message, { cause, data })
    case 'unsupported':
      return new OpenEnvError('NOT_SUPPORTED', `${doing} is not supported by this source.`, { cause })
    case 'cancelled':
      return new OpenEnvError('CANCELLED', 'The call was given up.', { cause })
    case 'raised':
      return new OpenEnvError(
        doing === 'load' ? 'FACTORY_ERROR' : 'EXECUTION_ERROR',
        `Python raised during ${doing}: ${cause.message}`,
        {
          cause,
          data,
        },
      )
  }
}

/** Variables that programs need to find their way, and the ones that were declared. */
const ORDINARY =
  /^(?:PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|SHELL|HF_HOME|HF_HUB_\w+|HF_DATASETS_\w+|XDG_\w+|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|(?:https?|no|all)_proxy)$/i

function surroundings(declared: readonly string[]): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => ORDINARY.test(name) || declared.includes(name))
  return { ...Object.fromEntries(kept), PYTHONUTF8: '1', PYTHONUNBUFFERED: '1', PYTHONNOUSERSITE: '1' }
}

/** With `OPENENV_PYTHON_OUTPUT=1`, what Python prints goes to this command's stderr. It may hold tasks, so not by itself. */
function forwarding(name: string): ((line: string) => void) | undefined {
  if (process.env['OPENENV_PYTHON_OUTPUT'] !== '1') return undefined
  return (line) => process.stderr.write(`${name} | ${line}\n`)
}
