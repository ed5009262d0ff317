import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { existsSync } from 'node:fs'
import { isOpenEnvError, OpenEnvError } from '@openenv-ts/core'
import { escapeControls } from '@openenv-ts/core/host'
import { adviceFor } from './advice.ts'
import { buildsAllowed } from './build-consent.ts'
import { BridgeProcess } from './bridge-process.ts'
import type { Description } from './contract.ts'
import { environmentsFolder } from './environments-folder.ts'
import type { SessionTransport } from './fork-server.ts'
import {
  DEFAULT_MESSAGE_MB,
  DEFAULT_TIMEOUTS,
  type PythonEnvironmentOptions,
  type PythonTimeouts,
} from './options.ts'
import { readImportLock } from './import-lock.ts'
import { GoneError, LateError, PythonError } from './rpc.ts'
import { namesFromAddresses } from './requirements.ts'
import { environmentAt, virtualEnvironment, type VirtualEnvironment } from './virtual-environment.ts'

const MIB = 1024 * 1024

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
    return this.asOpenEnv(method, () => process.request(method, params, this.timeouts.open))
  }

  /** A way for the calls of a new session. Throws OpenEnvError. */
  async line(): Promise<SessionTransport> {
    const process = await this.#current()
    return this.asOpenEnv('open', () => process.line())
  }

  /** Ends Python in order; the next call starts it again. */
  async close(): Promise<void> {
    const process = await this.#process?.catch(() => null)
    this.#process = null
    await process?.close()
  }

  async #current(): Promise<BridgeProcess> {
    for (;;) {
      const known = this.#process
      const now = await known?.catch(() => null)
      if (now?.alive === true) return now
      // Who found it gone at the same time may have started another meanwhile.
      if (this.#process === known) return (this.#process = this.#start())
    }
  }

  async #start(): Promise<BridgeProcess> {
    const { source, sessions, variables = [], onOutput } = this.#options
    const vendored = isAbsolute(source.path) ? source.path : join(this.#folder, source.path)
    if (!existsSync(vendored)) {
      throw new OpenEnvError(
        'FACTORY_ERROR',
        `There is no folder ${source.path} in ${this.#folder}: the package lacks its source.`,
      )
    }
    const environment = await this.#environment()
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
    const bytecode = join(await environmentsFolder(), 'bytecode')
    const onLine = onOutput ?? forwarding(this.#options.name)
    return this.asOpenEnv('load', () =>
      BridgeProcess.start({
        python: environment.python,
        folder: vendored,
        entry,
        sessions,
        env: processEnvironment(environment, bytecode, variables),
        loadSeconds: this.timeouts.load,
        closeSeconds: this.timeouts.close,
        maxMessageBytes: (this.#options.messageMb ?? DEFAULT_MESSAGE_MB) * MIB,
        ...(onLine === undefined ? {} : { onOutput: onLine }),
      }),
    )
  }

  /**
   * Turns what went wrong in Python into an error of the table, which says what to do where that is known.
   *
   * @param doing - The call, for its sentence.
   */
  async asOpenEnv<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      if (isOpenEnvError(cause)) throw cause
      const { python, variables = [] } = this.#options
      const advice =
        cause instanceof PythonError && cause.fault.lacking !== undefined
          ? adviceFor(cause.fault.lacking, {
              requirements: python.requirements,
              variables,
              notFollowed: (await readImportLock(this.#folder)).not_followed,
              interpreter: (await this.#environment().catch(() => null))?.python ?? 'python',
            })
          : null
      throw translated(doing, cause, advice === null ? '' : ` ${advice}`)
    }
  }

  async #environment(): Promise<VirtualEnvironment> {
    const { name, python, build } = this.#options
    if (python.environment !== undefined) {
      const own = environmentAt(resolve(this.#folder, python.environment))
      if (existsSync(own.python)) return own
      throw new OpenEnvError('FACTORY_ERROR', `python.environment: there is no ${own.python}.`)
    }
    return virtualEnvironment({
      folder: this.#folder,
      requires: python.requires,
      requirements: python.requirements,
      seconds: this.timeouts.install,
      builds: async (requirements) => {
        const { needs_build: named } = await readImportLock(this.#folder)
        return buildsAllowed({
          environment: name,
          needsBuild: [...new Set([...named, ...namesFromAddresses(requirements)])],
          build: build ?? process.env['OPENENV_BUILD'] === '1',
        })
      },
      onProgress: (line) => process.stderr.write(`${escapeControls(`${name}: ${line}`)}\n`),
    })
  }
}

function translated(doing: string, cause: unknown, advice: string): OpenEnvError {
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
        `Python raised during ${doing}: ${cause.message}${advice}`,
        {
          cause,
          data,
        },
      )
  }
}

/** Variables that programs need to find their way and their data, and the ones that were declared. */
const ORDINARY =
  /^(?:PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|SHELL|HF_HOME|HF_ENDPOINT|HF_HUB_(?!\w*TOKEN)\w+|HF_DATASETS_\w+|NLTK_DATA|XDG_\w+|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|(?:https?|no|all)_proxy)$/i

/** Tokens open the planes of a server: no source gets one, whatever it declares. */
const TOKEN = /^OPENENV_(?:CONTROL|AGENT|OPERATOR)_TOKEN(?:_FILE)?$/

function processEnvironment(
  environment: VirtualEnvironment,
  bytecode: string,
  declared: readonly string[],
): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => (ORDINARY.test(name) || declared.includes(name)) && !TOKEN.test(name),
  )
  const { PATH = '' } = process.env
  return {
    ...Object.fromEntries(kept),
    // As when it is activated: programs that the source starts by name are those of its environment.
    PATH: [dirname(environment.python), ...(PATH === '' ? [] : [PATH])].join(delimiter),
    VIRTUAL_ENV: environment.folder,
    PYTHONUTF8: '1',
    PYTHONUNBUFFERED: '1',
    PYTHONNOUSERSITE: '1',
    // Neither the source nor the environment is written to.
    PYTHONPYCACHEPREFIX: bytecode,
  }
}

/** With `OPENENV_PYTHON_OUTPUT=1`, what Python prints goes to this command's stderr. It may hold tasks, so not by itself. */
function forwarding(name: string): ((line: string) => void) | undefined {
  if (process.env['OPENENV_PYTHON_OUTPUT'] !== '1') return undefined
  return (line) => process.stderr.write(`${escapeControls(`${name} | ${line}`)}\n`)
}
