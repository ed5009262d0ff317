import { OpenEnvError } from '@openenv-ts/core'
import { NotJsonError, plainJson } from '@openenv-ts/core/host'

/**
 * Refuses to send what JSON cannot carry: it is named, and never sent as null or rounded [OE-24].
 *
 * @param call - What is sent, for the error: `step`, `tool call`.
 * @param name - What the value is called there: `action`, `arguments`.
 * @throws OpenEnvError `VALIDATION_ERROR`.
 */
export function requireJson(call: string, name: string, value: unknown): void {
  try {
    plainJson(value, name)
  } catch (error) {
    if (!(error instanceof NotJsonError)) throw error
    const { message: msg, path: loc } = error
    throw new OpenEnvError('VALIDATION_ERROR', `Invalid ${call}: ${msg}`, {
      issues: [{ type: 'invalid_type', loc, msg }],
    })
  }
}
