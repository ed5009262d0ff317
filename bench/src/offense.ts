/** What to send, how often, and to whom. */
export interface Offense {
  readonly port: number
  readonly frames: number
  /** A name in {@link FRAMES}. */
  readonly sent: string
}
