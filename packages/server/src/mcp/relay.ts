/** What happens around a body on its way out. */
export interface Relay {
  /** Whether a chunk goes out; all do when not given. */
  readonly keeps?: (chunk: Uint8Array) => boolean
  /** Called once, when the body has ended, has failed or is read no further. */
  readonly over?: () => void
  /** Called before that when the client reads no further. */
  readonly brokenOff?: () => void
}

/** The response, with a body that says when it is over. */
export function relayed(response: Response, { keeps = () => true, over, brokenOff }: Relay): Response {
  if (response.body === null) {
    over?.()
    return response
  }
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>
  let ended = false
  const end = (): void => {
    if (!ended) over?.()
    ended = true
  }
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        for (;;) {
          const { done, value } = await reader.read()
          if (done) {
            end()
            controller.close()
            return
          }
          if (!keeps(value)) continue
          controller.enqueue(value)
          return
        }
      } catch (error) {
        end()
        controller.error(error)
      }
    },
    async cancel(reason) {
      brokenOff?.()
      end()
      await reader.cancel(reason)
    },
  })
  const { status, headers } = response
  return new Response(body, { status, headers })
}
