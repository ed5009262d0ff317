import { EXIT, Interrupted } from './failure.ts'
import { watchStarter } from './starter.ts'
import { note, progressOutput } from './terminal.ts'

/** Ctrl-C (or a termination) turned into an abort, so that work ends in order. */
export interface Interrupt extends Disposable {
  readonly signal: AbortSignal
  /** 130 or 143 once it was pressed; 0 before. */
  readonly exitCode: number
}

/**
 * Listens for SIGINT and SIGTERM until it is disposed. The first aborts; the second ends the process at once. Where a shell
 * runs the command alone, as npm and npx have one, its end counts as SIGTERM.
 *
 * @param message - Said when the first arrives.
 */
export function listenForInterrupt(message: string): Interrupt {
  const controller = new AbortController()
  let exitCode: number = EXIT.ok
  const stop = (code: number): void => {
    if (controller.signal.aborted) process.exit(code)
    exitCode = code
    // A terminal has just shown ^C at the cursor.
    note(progressOutput().isTerminal ? `\n${message}` : message)
    controller.abort(new Interrupted(code))
  }
  const onInterrupt = (): void => {
    stop(EXIT.interrupted)
  }
  const onTerminate = (): void => {
    stop(EXIT.terminated)
  }
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', onTerminate)
  const parent = watchStarter(() => {
    if (!controller.signal.aborted) onTerminate()
  })
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode
    },
    [Symbol.dispose]() {
      parent[Symbol.dispose]()
      process.off('SIGINT', onInterrupt)
      process.off('SIGTERM', onTerminate)
    },
  }
}
