/**
 * Where episodes wait for their clients to come back. What it keeps may hold gold data: nobody but the server reads
 * it. Keys are file names: lower-case hexadecimal digits.
 */
export interface ResumeStore {
  /** Keeps a text under a key, in place of an older one. What it holds afterwards is one of the two, never half. */
  put(key: string, text: string): Promise<void>
  /**
   * Puts what is under one key under another, at once, and answers it. Of several who want to, one succeeds; who asks
   * again for the same move gets the same answer.
   */
  move(from: string, to: string): Promise<string | undefined>
  delete(key: string): Promise<void>
  /** Forgets what is too old. Called every minute. */
  expire(): Promise<void>
}
