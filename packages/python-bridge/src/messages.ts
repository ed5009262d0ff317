// What our side believes of a Python process: lines of JSON that fit these schemas, and nothing else.
import { z } from 'zod'

/** How deep a message may nest: deeper ones would break what reads them later. */
const MAX_DEPTH = 500

const FaultSchema = z.strictObject({
  kind: z.enum(['not_found', 'scoring', 'source', 'unsupported', 'cancelled', 'raised']),
  type: z.string(),
  traceback: z.string(),
  lacking: z.looseObject({
    module: z.string().exactOptional(),
    imported_from: z.string().exactOptional(),
    package: z.string().exactOptional(),
    variables: z.array(z.string()).exactOptional(),
    hub: z.string().exactOptional(),
    nltk: z.string().exactOptional(),
  }),
})

const ResultSchema = z
  .strictObject({ jsonrpc: z.literal('2.0'), id: z.int().min(1), result: z.unknown() })
  .refine((message) => Object.hasOwn(message, 'result'))
const ErrorSchema = z.strictObject({
  jsonrpc: z.literal('2.0'),
  id: z.int().min(1),
  error: z.strictObject({
    code: z.int(),
    message: z.string(),
    data: FaultSchema.partial().nullish(),
  }),
})
const NoticeSchema = z.strictObject({
  jsonrpc: z.literal('2.0'),
  method: z.string(),
  params: z.record(z.string(), z.unknown()),
})
const MessageSchema = z.union([ResultSchema, ErrorSchema, NoticeSchema])

/** What Python said of a call that went wrong. */
export interface Fault {
  /**
   * `not_found`: no such split or task. `scoring`: a reward that could not be had. `source`: the source cannot be used as it
   * is. `unsupported`: it does not offer that. `cancelled`. `raised`: anything else that it raised.
   */
  readonly kind: 'not_found' | 'scoring' | 'source' | 'unsupported' | 'cancelled' | 'raised'
  /** The exception's class. */
  readonly type: string
  readonly traceback: string
  /** What the source lacks, where the exception says so. */
  readonly lacking?: Lacking
}

/** What a source asked for that is not there. */
export interface Lacking {
  /** A module, as it is imported. */
  readonly module?: string
  /** A module that is there, and lacks what was imported from it. */
  readonly imported_from?: string
  /** A package that the message says to install, extras included. */
  readonly package?: string
  /** Environment variables. */
  readonly variables?: readonly string[]
  /** A data set or model of the Hugging Face Hub; empty where the message does not name it. */
  readonly hub?: string
  /** A resource of NLTK. */
  readonly nltk?: string
}

/** A message of a Python process. */
export type Message = z.infer<typeof MessageSchema>

/** Something that Python tells unasked. */
export type Notice = z.infer<typeof NoticeSchema>

/**
 * Reads a line of a Python process.
 *
 * @returns The message, or in words what came instead of one.
 */
export function readLine(line: string): Message | string {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return 'a line that is not JSON'
  }
  if (isDeeperThan(value, MAX_DEPTH)) return `a message that nests deeper than ${String(MAX_DEPTH)}`
  const { success, data } = MessageSchema.safeParse(value)
  return success ? data : 'something that is no message'
}

function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((each) => isDeeperThan(each, depth - 1))
}

/** A forked child says who it is. */
export const SessionNotice = z.strictObject({ key: z.string(), pid: z.int() })
/** A forked child has ended: its code, or the negative number of its signal. */
export const ExitedNotice = z.strictObject({ pid: z.int(), status: z.int() })
