// Plays every canonical task with a model behind a chat-completions endpoint, and prints the scores.
//
//   API_BASE_URL=… HF_TOKEN=… MODEL_NAME=… npm run inference
//   npm run inference -- --url http://127.0.0.1:8000      plays a server in place of the environment in this process
import { realpathSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { openLocal, type Episode, type Info, type Reply } from '@openenv-ts/core'
import OpenAI from 'openai'
import { emailTriage } from './src/environment.ts'
import type { EmailObservation, TriageAction } from './src/models.ts'
import { parseAction } from './src/parse-action.ts'

export const MAX_STEPS = 10
export const TEMPERATURE = 0.2
export const MAX_TOKENS = 200
/** What is done when the model gives nothing that can be used. */
export const FALLBACK_ACTION: TriageAction = {
  label: 'normal',
  route_to: 'none',
  summary: 'No summary could be made of this email.',
}
const TASK_IDS = ['task_easy', 'task_medium', 'task_hard']

/** Bounds that keep a run far below 20 minutes, whatever the endpoint does. */
export interface Bounds {
  /** One request with its retries. */
  readonly requestMs: number
  /** The whole run; after it the model is not asked any more. */
  readonly totalMs: number
  /** Failures in a row after which the endpoint counts as down. */
  readonly failures: number
}
/** One call to a server that is played. */
const CALL_MS = 20_000
const BOUNDS: Bounds = { requestMs: 30_000, totalMs: 15 * 60_000, failures: 3 }

/** What a run needs from outside. */
export interface RunOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Base address of a server to play; the environment in this process when not given. */
  readonly url?: string
  readonly bounds?: Partial<Bounds>
  readonly print: (line: string) => void
}

/** Asks a model about one email. Answers the empty text when there is no answer; never rejects. */
type Ask = (prompt: string, task: string) => Promise<string>

/**
 * Plays all tasks and prints each step, each score and the table.
 *
 * A missing or failing model is no failure of the run: its steps fall back to a fixed action.
 *
 * @throws OpenEnvError when a server was to be played and cannot be.
 */
export async function run({ env, url, bounds, print }: RunOptions): Promise<void> {
  const ask = modelFrom(env, { ...BOUNDS, ...bounds }, print)
  const rows: { readonly task: string; readonly score: number; readonly steps: number }[] = []
  for (const task of TASK_IDS) {
    await using episode = await openEpisode(url)
    print(`Episode: ${task}`)
    const { score, steps } = await playTask(episode, task, ask, print)
    print(`Final score: ${score.toFixed(2)}`)
    rows.push({ task, score, steps })
  }
  print('=== SCORE TABLE ===')
  print('Task Score Steps')
  for (const { task, score, steps } of rows) print(`${task} ${score.toFixed(2)} ${String(steps)}`)
  const mean = rows.reduce((sum, { score }) => sum + score, 0) / rows.length
  print(`Mean ${mean.toFixed(2)}`)
}

type TriageEpisode = Episode<TriageAction, EmailObservation>

async function openEpisode(url: string | undefined): Promise<TriageEpisode> {
  if (url === undefined) return openLocal(emailTriage)
  const { connect } = await import('@openenv-ts/client')
  return connect(url, { environment: emailTriage, timeoutMs: CALL_MS })
}

async function playTask(
  episode: TriageEpisode,
  taskId: string,
  ask: Ask,
  print: (line: string) => void,
): Promise<{ readonly score: number; readonly steps: number }> {
  let reply = await episode.reset({ taskId })
  const task = textOf(reply.info['description'])
  const history: string[] = []
  let earned = 0
  let steps = 0
  while (!reply.done && steps < MAX_STEPS) {
    const text = await ask(promptFor(reply.observation, history), task)
    const action = parseAction(text) ?? FALLBACK_ACTION
    reply = await episode.step(action)
    steps += 1
    earned += numberOf(reply.info['base_score'])
    const shown = `label=${action.label}, route=${oneLine(action.route_to, 40)}`
    const line = `Step ${String(steps)}: ${shown} -> reward ${signed(reply.reward ?? 0)}`
    history.push(line)
    print(line)
  }
  return { score: scoreOf(reply, earned), steps }
}

/** The score that the environment gave; for an episode cut short here, what its emails earned so far over all of them. */
function scoreOf({ info, observation }: Reply<EmailObservation>, earned: number): number {
  const score = info['score']
  return typeof score === 'number' ? score : earned / observation.total_emails
}

function promptFor(mail: EmailObservation, history: readonly string[]): string {
  return [
    `Email ${String(mail.step_number + 1)} of ${String(mail.total_emails)}`,
    `From: ${mail.sender}`,
    `Date: ${mail.timestamp}`,
    `Subject: ${mail.subject}`,
    ...(mail.thread_history.length === 0 ? [] : ['Earlier in this thread:', ...mail.thread_history]),
    '',
    mail.body,
    '',
    ...(history.length === 0 ? [] : ['Your steps so far:', ...history, '']),
    'Answer with one JSON object and nothing else: {"label": "...", "route_to": "...", "summary": "..."}',
  ].join('\n')
}

/** Builds the way to the model from the environment's variables; without them nothing is ever asked. */
function modelFrom(env: RunOptions['env'], bounds: Bounds, print: (line: string) => void): Ask {
  const baseURL = given(env['API_BASE_URL'])
  const apiKey = given(env['HF_TOKEN']) ?? given(env['API_KEY'])
  const model = given(env['MODEL_NAME'])
  if (baseURL === undefined || apiKey === undefined || model === undefined) {
    const variables = { API_BASE_URL: baseURL, 'HF_TOKEN or API_KEY': apiKey, MODEL_NAME: model }
    const missing = Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [name] : []))
    print(`No model: set ${missing.join(', ')}. Every step uses the fallback action.`)
    return () => Promise.resolve('')
  }
  let client: OpenAI
  try {
    client = new OpenAI({
      baseURL,
      apiKey,
      organization: null,
      project: null,
      maxRetries: 1,
      logLevel: 'off',
    })
  } catch (error) {
    print(`No model (${reasonOf(error, apiKey)}). Every step uses the fallback action.`)
    return () => Promise.resolve('')
  }
  const deadline = Date.now() + bounds.totalMs
  let failures = 0
  let givenUp = false
  return async (prompt, task) => {
    const left = deadline - Date.now()
    if (failures >= bounds.failures || left <= 0) {
      if (!givenUp)
        print(`The model is not asked any more (${left <= 0 ? 'out of time' : 'it seems to be down'}).`)
      givenUp = true
      return ''
    }
    try {
      const completion = await client.chat.completions.create(
        {
          model,
          messages: [
            { role: 'system', content: task },
            { role: 'user', content: prompt },
          ],
          temperature: TEMPERATURE,
          // eslint-disable-next-line @typescript-eslint/no-deprecated -- compatible endpoints know this name, and few the new one
          max_tokens: MAX_TOKENS,
          stream: false,
        },
        // The client's own timeout ends with the headers; this one covers the body too.
        { timeout: bounds.requestMs, signal: AbortSignal.timeout(Math.min(bounds.requestMs, left)) },
      )
      failures = 0
      return contentOf(completion)
    } catch (error) {
      failures += 1
      print(`Model request failed (${reasonOf(error, apiKey)}). Using fallback action.`)
      return ''
    }
  }
}

/** A variable that is set to nothing counts as not set. */
function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}

/** The text of a completion. Endpoints that call themselves compatible leave out any part of it. */
function contentOf(completion: unknown): string {
  const { choices } = completion as { choices?: { message?: { content?: unknown } }[] }
  const content = choices?.[0]?.message?.content
  return typeof content === 'string' ? content : ''
}

/** Why a request failed, in one line and without the key, which some endpoints send back. */
function reasonOf(error: unknown, apiKey: string): string {
  const message = error instanceof Error ? error.message : String(error)
  return oneLine(message.replaceAll(apiKey, '***'), 200)
}

function oneLine(text: string, characters: number): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
  return line.length <= characters ? line : `${line.slice(0, characters - 1)}…`
}

function signed(reward: number): string {
  return `${reward < 0 ? '' : '+'}${reward.toFixed(2)}`
}

function textOf(value: Info[string] | undefined): string {
  return typeof value === 'string' ? value : ''
}

function numberOf(value: Info[string] | undefined): number {
  return typeof value === 'number' ? value : 0
}

function urlFrom(args: readonly string[]): string | undefined {
  if (args.length === 0) return undefined
  const [first = '', second] = args
  const url = first.startsWith('--url=')
    ? first.slice('--url='.length)
    : first === '--url'
      ? second
      : undefined
  const count = first === '--url' ? 2 : 1
  if (!url || args.length !== count) {
    throw new TypeError('Usage: inference [--url http://127.0.0.1:8000]')
  }
  return url
}

async function main(): Promise<void> {
  try {
    const url = urlFrom(process.argv.slice(2))
    const print = (line: string): void => void process.stdout.write(`${line}\n`)
    await run({ env: process.env, ...(url === undefined ? {} : { url }), print })
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = error instanceof TypeError ? 2 : 1
  }
}

const [, script] = process.argv
if (script !== undefined && import.meta.url === pathToFileURL(realpathSync(script)).href) await main()
