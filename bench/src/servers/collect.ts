/** Collects garbage when the parent asks for it, so that memory is compared at rest. */
export function answerCollections(): void {
  process.on('message', () => {
    globalThis.gc?.()
    globalThis.gc?.()
    process.send?.('collected')
  })
  // The parent is gone: nobody is left to measure for.
  process.on('disconnect', () => {
    process.exit()
  })
}
