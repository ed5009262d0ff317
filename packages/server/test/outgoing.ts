/** What a stack trace, a path or a module of ours looks like in what the other side reads. */
const INTERNAL = [
  /\.[cm]?[jt]s\b/,
  /node_modules|node:|file:\/\//,
  /\bat (?:async )?[^\s"]+ \((?:[^)"]*:\d+:\d+|native|<anonymous>)\)|\bat [^\s"]+:\d+:\d+/,
  /\/(?:app|etc|home|opt|private|root|srv|tmp|usr|Users|var|work|workspace)\/\w/,
  /[A-Z]:\\\\(?:Users|Windows|Program)/,
  /ZodError|TypeError|RangeError|SyntaxError|OpenEnvError|DOMException/,
]

/** Throws when a text that went out tells of the inside: a stack trace, a path, a class of ours. */
export function expectNothingInternal(text: string): void {
  const found = INTERNAL.find((pattern) => pattern.test(text))
  if (found === undefined) return
  throw new Error(`The server let something internal out (${String(found)}): ${text.slice(0, 500)}`)
}
