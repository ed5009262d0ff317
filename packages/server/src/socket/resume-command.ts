import { OpenEnvError } from '@openenv-ts/core'
import { replyToWire } from '@openenv-ts/core/wire'
import type { Host } from '../host.ts'
import type { ResumableEpisode, Resumption } from '../sessions/resume.ts'
import type { Session } from '../sessions/session.ts'
import type { Slot } from './slot.ts'

type Data = Readonly<Record<string, unknown>>

/** `resume` on a socket: keeps its episode from now on, or goes on with one that was kept. */
export class ResumeCommand {
  readonly #host: Host
  readonly #slot: Slot
  /** Called when another connection takes the episode over. */
  readonly #abandon: () => void
  #kept: ResumableEpisode | null = null
  #open = true

  constructor(host: Host, slot: Slot, abandon: () => void) {
    this.#host = host
    this.#slot = slot
    this.#abandon = abandon
  }

  /**
   * Answers the message.
   *
   * @throws OpenEnvError `VALIDATION_ERROR`, `NOT_SUPPORTED`, and `SESSION_ERROR` for a token of nothing.
   */
  async perform({ token, next, ...rest }: Data): Promise<Data> {
    const { resumption, environment } = this.#host
    const readable = isSecretOrNone(token) && isSecretOrNone(next) && Object.keys(rest).length === 0
    if (!readable || (token === undefined && next !== undefined)) throw badResume()
    const { joined, session: current } = this.#slot
    if (resumption === null || joined || environment.restore === undefined) {
      throw new OpenEnvError('NOT_SUPPORTED', whyNotResumable(resumption !== null, joined))
    }
    if (token === undefined) return this.#keep(this.#slot.take(), resumption)
    if (this.#kept !== null || (current?.episode.status ?? 'idle') !== 'idle') throw badResume()
    const taken = await resumption.take(token, next)
    try {
      const session = this.#slot.take()
      const reply = await session.episode.restore(taken.snapshot)
      const kept = await this.#keep(session, resumption, taken.next)
      return { ...kept, step_count: session.episode.stepCount, reply: replyToWire(reply) }
    } catch (error) {
      await taken.putBack()
      throw error
    }
  }

  /** Settles when what the episode answered last is stored; undefined where it is not kept. */
  stored(): Promise<void> | undefined {
    return this.#kept?.keep()
  }

  /** The client has ended its episode. */
  forget(): void {
    void this.#kept?.forget()
  }

  /** The socket is gone: the episode waits for its client. */
  closed(): void {
    this.#open = false
    this.#kept?.release()
  }

  async #keep({ episode }: Session, resumption: Resumption, token?: string): Promise<Data> {
    const kept = this.#kept ?? (await resumption.begin(episode, this.#abandon, token))
    this.#kept = kept
    // Its client may have gone meanwhile.
    if (!this.#open) kept.release()
    return { token: kept.token }
  }
}

/** A secret as `resume` gives them, for clients may make up the next one themselves. */
function isSecretOrNone(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && /^[\w-]{43}$/.test(value))
}

function badResume(): OpenEnvError {
  const msg =
    'Send {} for a token, or {token, next} before anything else: the token of a lost connection, and the one to take ' +
    'its place (43 base64url characters).'
  return new OpenEnvError('VALIDATION_ERROR', `Invalid resume: ${msg}`, {
    issues: [{ type: 'invalid_value', loc: ['token'], msg }],
  })
}

function whyNotResumable(stores: boolean, joined: boolean): string {
  if (!stores) return 'This server keeps no episodes: start it with --resume-dir.'
  if (joined) return 'A session with an id of its own is not resumed: name the id again.'
  return 'resume is not supported for this environment.'
}
