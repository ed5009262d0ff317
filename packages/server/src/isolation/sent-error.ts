import { isOpenEnvError, OpenEnvError } from '@openenv-ts/core'
import { toOpenEnvError } from '@openenv-ts/core/host'
import { faultOf } from './plain-data.ts'
import type { SentError } from './protocol.ts'

/** The longest text of an error that crosses. */
export const MAX_TEXT = 64 * 1024
const MAX_DATA_BYTES = 1024 * 1024

/** Makes an error ready to cross: texts are cut, and data that is not plain becomes what JSON makes of it. */
export function sendError(thrown: unknown, doing: string): SentError {
  const { code, message, http, issues, data, cause } = toOpenEnvError(thrown, doing)
  return {
    code,
    message: message.slice(0, MAX_TEXT),
    http,
    ...plain({ issues, data }),
    cause: cause === undefined ? null : textOf(cause).slice(0, MAX_TEXT),
  }
}

/** The error that crossed. */
export function receiveError({ code, message, http, issues, data, cause }: SentError): OpenEnvError {
  return new OpenEnvError(code, message, { http, issues, data, ...(cause === null ? {} : { cause }) })
}

type Details = Pick<SentError, 'issues' | 'data'>

function plain(details: Details): Details {
  try {
    if (faultOf(details, MAX_DATA_BYTES) === null) return details
    const copied = JSON.parse(JSON.stringify(details)) as Details
    return faultOf(copied, MAX_DATA_BYTES) === null ? copied : { issues: [], data: {} }
  } catch {
    return { issues: [], data: {} }
  }
}

function textOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const text = cause.stack ?? `${cause.name}: ${cause.message}`
  return isOpenEnvError(cause) || cause.cause === undefined
    ? text
    : `${text}\nCaused by: ${textOf(cause.cause)}`
}
