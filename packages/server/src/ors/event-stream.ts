/** Most code points of one piece of a result. */
const MAX_PIECE = 4096
/** Events that may wait for a client that does not read. */
const MAX_WAITING = 8
/** Clients take 30 s of silence for a broken connection. */
const PING_INTERVAL_MS = 10_000

/** What a call came to: a JSON text, or why there is none. */
export type Outcome = { readonly text: string } | { readonly error: string }

/** One server-sent event; a text of several lines becomes as many `data` lines. */
export function event(name: string, data: string): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\r\n`)
  return `event: ${name}\r\n${lines.join('')}\r\n`
}

/**
 * What Python's clients strip off the front of a piece. JSON without indentation has none of it outside of texts, and
 * escapes whatever of it is a control character.
 */
const BLANK = /[\s\u0085\u001c-\u001f]/

/**
 * Cuts a JSON text into pieces of at most 4096 code points that can be put together again: none begins with white
 * space, and none cuts a surrogate pair.
 *
 * @param json - JSON without indentation.
 * @returns At least one piece. Joined they are the text, except that in a run of blanks longer than a piece some are
 * written as escapes.
 */
export function* pieces(json: string): Generator<string> {
  let lead = ''
  let at = 0
  for (;;) {
    const end = afterPoints(json, at, MAX_PIECE - lead.length)
    if (end === json.length) break
    const cut = cutBefore(json, at, end)
    yield lead + json.slice(at, cut ?? end)
    // Blanks all the way: the next piece begins with one that is escaped.
    lead = cut === null ? escaped(json.charAt(end)) : ''
    at = cut ?? end + 1
  }
  yield lead + json.slice(at)
}

/** The index that lies so many code points after another, or the end. */
function afterPoints(text: string, from: number, points: number): number {
  let at = from
  for (let left = points; left > 0 && at < text.length; left -= 1) {
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
  }
  return at
}

/** The last index up to `end` at which a piece may begin; null when there is none behind `from`. */
function cutBefore(text: string, from: number, end: number): number | null {
  let cut = end
  while (cut > from && BLANK.test(text.charAt(cut))) cut -= 1
  if (cut > from && isLowSurrogate(text.charCodeAt(cut))) cut -= 1
  return cut > from ? cut : null
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}

function escaped(blank: string): string {
  return `\\u${blank.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** An outcome as events: `chunk`s and one `end`, or one `error`. They are made one by one, as they are read. */
export function* outcomeEvents(outcome: Outcome): Generator<string> {
  if ('error' in outcome) {
    yield event('error', outcome.error)
    return
  }
  let last: string | undefined
  for (const piece of pieces(outcome.text)) {
    if (last !== undefined) yield event('chunk', last)
    last = piece
  }
  yield event('end', last ?? '')
}

/** An answer of server-sent events that are all known. */
export function eventResponse(body: string | ReadableStream<Uint8Array>): Response {
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      // A proxy that gathers would keep everything back until the end.
      'x-accel-buffering': 'no',
    },
  })
}

/**
 * Tells a client of a call: its id at once, comments while it runs, then what it came to. A client that goes away
 * changes nothing about the call, and one that does not read is sent no more than it has room for.
 *
 * @param left - Called once, when all of it is sent or the client has gone.
 */
export function followCall(taskId: string, outcome: Promise<Outcome>, left: () => void): Response {
  const encoder = new TextEncoder()
  let timer: ReturnType<typeof setInterval> | undefined
  let events: Generator<string> | null = null
  let gone = false
  const end = (): void => {
    gone = true
    clearInterval(timer)
    left()
  }
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        controller.enqueue(encoder.encode(event('task_id', taskId)))
        timer = setInterval(() => {
          if ((controller.desiredSize ?? 0) > 0)
            controller.enqueue(encoder.encode(`: ping - ${new Date().toISOString()}\r\n\r\n`))
        }, PING_INTERVAL_MS)
      },
      pull: async (controller) => {
        if (events === null) {
          events = outcomeEvents(await outcome)
          clearInterval(timer)
        }
        if (gone) return
        const next = events.next()
        if (next.done !== true) {
          controller.enqueue(encoder.encode(next.value))
          return
        }
        controller.close()
        end()
      },
      cancel: end,
    },
    { highWaterMark: MAX_WAITING },
  )
  return eventResponse(stream)
}
