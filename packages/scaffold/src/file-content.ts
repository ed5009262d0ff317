/** What a file holds: text, or bytes that are read when they are written. */
export type FileContent = string | FileBytes

/** Bytes that are read when they are asked for. */
export interface FileBytes {
  read(): Uint8Array
  /** Whether its owner, and with that everybody, may run it. */
  readonly executable: boolean
}
