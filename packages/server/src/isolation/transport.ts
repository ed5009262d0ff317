import type { ToExecutor } from './protocol.ts'

/** What a line to an executor tells. */
export interface ExecutorTransportEvents {
  /** Something came; it may be anything. */
  readonly message: (received: unknown) => void
  /**
   * What came is no message at all; nothing more is read.
   *
   * @param what - To follow on "it sent".
   */
  readonly broken: (what: string) => void
  /** What the executor prints. */
  readonly print: (text: string) => void
  /** The executor is on its way out: nothing can be asked of it any more. */
  readonly ending: () => void
  /**
   * The executor is gone; nothing follows.
   *
   * @param how - What happened, to follow on "The environment", for example `used up the 512 MB of its worker`.
   */
  readonly ended: (how: string) => void
}

/** The server's end of the connection to one executor, whatever that runs in. */
export interface ExecutorTransport {
  send(message: ToExecutor): void
  /** Ends the executor at once, whatever it is doing; `ended` follows. */
  kill(): void
  /** Whether it lets this process go when nothing else holds it. */
  hold(held: boolean): void
}

/** Starts an executor, which loads the environment and says hello. */
export type Launch = (events: ExecutorTransportEvents) => ExecutorTransport

/** What an executor is run from and with. */
export interface LaunchOptions {
  /** The module that runs in it. */
  readonly entry: URL
  /** The one argument of that module. */
  readonly config: string
  /** Megabytes of JavaScript's heap. */
  readonly memoryMb: number
  /** Bytes of the longest message that is read from it. */
  readonly maxMessageBytes: number
  /** Flags of Node; absent: those of this process. */
  readonly execArgv?: readonly string[]
  /** Names of the environment variables that a process gets beside the few that every one does. */
  readonly variables?: readonly string[]
}
