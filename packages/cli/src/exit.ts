/** Takes the exit code of a command that came to its end. */
export type Exit = (code: number) => void
