import {
  content,
  OpenEnvError,
  type TimeStep,
  type Simulation,
  type StartContext,
  type Tool,
} from '@openenv-ts/core'
import { toolFailed, toolSucceeded, type ToolAction } from '@openenv-ts/core/host'
import { checked, Opened, Outcome, type PythonMessage, type PythonTool } from './contract.ts'
import type { SessionTransport } from './fork-server.ts'
import type { PythonHost } from './host.ts'
import type { PythonObservation } from './observation.ts'
import type { PythonTask } from './tasks.ts'

/** Starts an episode of the source. */
export async function startPython(
  host: PythonHost,
  { task, secrets, seed, signal }: StartContext<PythonTask>,
): Promise<PythonSimulation> {
  const line = await host.line()
  const session = newSessionId()
  const place = task?.data.place
  const chosen =
    place === undefined ? { task: task?.data.row ?? {} } : { split: place.split, index: place.index }
  const ask = { session, ...chosen, secrets: secrets ?? {}, seed }
  const giveUp = (): void => {
    line.end()
  }
  try {
    // A start that is given up ends its process, where it has one to itself. In a shared one it goes on, and the
    // session that comes of it is closed.
    signal.addEventListener('abort', giveUp, { once: true })
    const answer = await host.asOpenEnv('open', () => line.request('open', ask, host.timeouts.open))
    const opened = checked(Opened, 'open', answer)
    return new PythonSimulation(host, line, session, opened)
  } catch (error) {
    line.end()
    throw error
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

let count = 0

/** A name for a session that no other of this process has. */
export function newSessionId(): string {
  count += 1
  return `s${String(count)}`
}

/** One episode in a Python process. It changes in place. */
export class PythonSimulation implements Simulation<ToolAction, PythonObservation> {
  timeStep: TimeStep<PythonObservation>
  readonly #host: PythonHost
  readonly #transport: SessionTransport
  readonly #session: string
  readonly #prompt: string
  readonly #tools: readonly Tool[]
  readonly #scoringErrors: string[] = []
  /** Why nothing can happen in it any more: a call failed on our side of the source's own tools, or took too long. */
  #over: OpenEnvError | null = null
  #closed = false

  constructor(
    host: PythonHost,
    line: SessionTransport,
    session: string,
    { messages, tools, shown_tools: shown }: Opened,
  ) {
    this.#host = host
    this.#transport = line
    this.#session = session
    this.#prompt = textOf(messages)
    this.#tools = tools.map(toolOf)
    const observation = {
      prompt: this.#prompt,
      messages: messages.map(messageOf),
      ...(shown.length > 0
        ? { tools: shown as { name: string; description: string; parameters: object }[] }
        : {}),
    } as PythonObservation
    this.timeStep = { observation, reward: null, status: 'running', info: {} }
  }

  get broken(): boolean {
    return this.#over !== null
  }

  /**
   * Calls a tool. A call that is given up goes on in Python, where its object may be in the middle of something, and
   * what it comes to counts: the next call waits for it, and its time limit holds.
   */
  async step({ tool_name: name, arguments: args }: ToolAction): Promise<this> {
    if (this.#over !== null) throw this.#over
    if (!isJson(args)) {
      this.timeStep = refused(name, 'invalid_args', 'The arguments are no JSON.')
      return this
    }
    const call = { session: this.#session, name, arguments: args ?? {} }
    let outcome: Outcome
    try {
      const host = this.#host
      const request = (): Promise<unknown> => this.#transport.request('call', call, host.timeouts.call)
      const answer = await host.asOpenEnv('call', request)
      outcome = checked(Outcome, 'call', answer)
    } catch (error) {
      // What happened to the source's own object meanwhile is not known, so nothing goes on from here.
      const why = error instanceof OpenEnvError ? error : null
      this.#over = new OpenEnvError(
        'EXECUTION_ERROR',
        `The episode ended with an error: ${why?.message ?? 'Python failed during call.'}`,
        {
          cause: error,
          data: why?.data ?? {},
        },
      )
      throw error
    }
    this.#scoringErrors.push(...outcome.scoring_errors)
    this.timeStep = this.#frameOf(name, outcome)
    return this
  }

  view(): Readonly<Record<string, unknown>> {
    return { scoring_errors: [...this.#scoringErrors] }
  }

  prompt(): string {
    return this.#prompt
  }

  tools(): readonly Tool[] {
    return this.#tools
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    try {
      await this.#transport.request('close', { session: this.#session }, this.#host.timeouts.close)
    } catch {
      // What its end goes wrong by is nobody's concern any more; its process may have gone already.
    } finally {
      this.#transport.end()
    }
  }

  #frameOf(name: string, outcome: Outcome): TimeStep<PythonObservation> {
    const { content: blocks, data, reward, finished, truncated, failure, scoring_errors: raised } = outcome
    const observation =
      failure === null
        ? toolSucceeded(name, content(blocks, data))
        : toolFailed(name, failure.kind, failure.message)
    const status = !finished ? 'running' : truncated ? 'truncated' : 'terminated'
    return { observation, reward, status, info: raised.length === 0 ? {} : { scoring_errors: raised.length } }
  }
}

function refused(name: string, kind: 'invalid_args', message: string): TimeStep<PythonObservation> {
  return { observation: toolFailed(name, kind, message), reward: null, status: 'running', info: {} }
}

function isJson(value: unknown): boolean {
  try {
    JSON.stringify(value)
    return true
  } catch {
    return false
  }
}

/** A tool in core's form. */
export function toolOf({ name, description, input_schema: inputSchema, final, terminal }: PythonTool): Tool {
  return { name, description, inputSchema, ...(final && { final }), ...(terminal && { terminal }) }
}

/** A conversation as one text: plain where it is one message, else with the roles in front. */
function textOf(messages: readonly PythonMessage[]): string {
  const said = messages.map(({ role, content: blocks }) => ({
    role,
    text: blocks.map((block) => (block.type === 'text' ? block.text : `(${block.mimeType})`)).join('\n'),
  }))
  const [only] = said
  if (said.length === 1 && only !== undefined) return only.text
  return said.map(({ role, text }) => `[${role}]\n${text}`).join('\n\n')
}

function messageOf({
  role,
  content: blocks,
  tool_calls: calls,
  tool_call_id: answered,
}: PythonMessage): object {
  return {
    role,
    content: blocks,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
    ...(answered === null ? {} : { tool_call_id: answered }),
  }
}
