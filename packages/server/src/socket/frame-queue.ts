/** Frames up to this are packed. */
const SHORT_BYTES = 1024
/** So many frames wait as they are: packing pays only where there are more. */
const PLAIN_FRAMES = 16
const BLOCK_BYTES = 8 * 1024
/** In front of each packed frame: its length, and whether it is binary in the highest bit. */
const HEAD_BYTES = 2
const BINARY = 0x8000

/** A frame that waits. */
export interface WaitingFrame<Tag> {
  readonly bytes: Uint8Array
  readonly binary: boolean
  /** What its sender keeps of it; null for nothing. */
  readonly tag: Tag | null
}

interface Block {
  readonly store: Uint8Array
  frames: number
  /** Where the next frame is written. */
  end: number
  /** Where the first frame is read. */
  at: number
}

/**
 * Frames in the order in which they came. Short ones are packed when there are many: a client may send ten thousand
 * empty frames in one piece, and an object for each would take fifty times their size, and survive to be collected late.
 */
export class FrameQueue<Tag> {
  #items: (WaitingFrame<Tag> | Block)[] = []
  #length = 0
  #bytes = 0

  /** How many frames wait. */
  get length(): number {
    return this.#length
  }

  /** The bytes of all frames that wait. */
  get bytes(): number {
    return this.#bytes
  }

  push(frame: WaitingFrame<Tag>): void {
    this.#length += 1
    this.#bytes += frame.bytes.length
    if (frame.tag !== null || frame.bytes.length > SHORT_BYTES || this.#length <= PLAIN_FRAMES)
      this.#items.push(frame)
    else this.#pack(frame)
  }

  shift(): WaitingFrame<Tag> | undefined {
    const [first] = this.#items
    if (first === undefined) return undefined
    const frame = 'store' in first ? this.#unpack(first) : first
    if (!('store' in first) || first.frames === 0) this.#items.shift()
    this.#length -= 1
    this.#bytes -= frame.bytes.length
    return frame
  }

  clear(): void {
    this.#items = []
    this.#length = 0
    this.#bytes = 0
  }

  #pack({ bytes, binary }: WaitingFrame<Tag>): void {
    const size = HEAD_BYTES + bytes.length
    let block = this.#items.at(-1)
    if (block === undefined || !('store' in block) || block.end + size > BLOCK_BYTES) {
      block = { store: new Uint8Array(BLOCK_BYTES), frames: 0, end: 0, at: 0 }
      this.#items.push(block)
    }
    const head = bytes.length | (binary ? BINARY : 0)
    block.store[block.end] = head & 0xff
    block.store[block.end + 1] = head >> 8
    block.store.set(bytes, block.end + HEAD_BYTES)
    block.frames += 1
    block.end += size
  }

  #unpack(block: Block): WaitingFrame<Tag> {
    const { store, at } = block
    const head = (store[at] ?? 0) | ((store[at + 1] ?? 0) << 8)
    const from = at + HEAD_BYTES
    const to = from + (head & ~BINARY)
    block.at = to
    block.frames -= 1
    // A view: what has been read of a block is not written again.
    return { bytes: store.subarray(from, to), binary: (head & BINARY) !== 0, tag: null }
  }
}
