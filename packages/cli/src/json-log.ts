import type { LogEvent } from '@openenv-ts/server'
import { note } from './terminal.ts'

/**
 * A log of one JSON object a line on stderr: `time` (ISO 8601), `level`, `message`, and `session` and `error` where
 * there are any.
 *
 * @param secrets - Texts that must not be written, whatever contains them.
 * @param write - Takes a line, without its end.
 */
export function jsonLog(
  secrets: readonly string[],
  write: (line: string) => void = note,
): (event: LogEvent) => void {
  return ({ level, message, session, cause }) => {
    const line = JSON.stringify({
      time: new Date().toISOString(),
      level,
      message,
      ...(session === undefined ? {} : { session }),
      ...(cause === undefined ? {} : { error: describe(cause) }),
    })
    // A secret stands in a line as JSON writes it.
    const written = secrets.map((secret) => JSON.stringify(secret).slice(1, -1))
    write(written.reduce((text, secret) => text.replaceAll(secret, '[redacted]'), line))
  }
}

function describe(cause: unknown): Readonly<Record<string, unknown>> {
  if (!(cause instanceof Error)) return { message: String(cause) }
  const { name, message, stack, cause: below } = cause
  return { name, message, stack, ...(below === undefined ? {} : { cause: describe(below) }) }
}
