import type { AddHelpTextContext } from 'commander'

/** What follows the options in the help of a command. */
export interface HelpSections {
  /** Paragraphs by title; each is wrapped to the terminal. */
  readonly notes?: Readonly<Record<string, readonly string[]>>
  /** Command lines to copy, without `npx`: each stays one line. */
  readonly examples: readonly string[]
}

const INDENT = '  '

/** The sections as text for commander's `addHelpText('after', …)`, wrapped as commander wraps the options. */
export function helpSections({
  notes = {},
  examples,
}: HelpSections): (context: AddHelpTextContext) => string {
  return ({ command }) => {
    const help = command.createHelp()
    const width = (command.configureOutput().getOutHelpWidth?.() ?? 80) - INDENT.length
    const sections = Object.entries(notes).map(([title, paragraphs]) => [
      `${title}:`,
      ...paragraphs.flatMap((text) => help.boxWrap(text, width).split('\n')).map((line) => INDENT + line),
    ])
    const shown = [
      examples.length === 1 ? 'Example:' : 'Examples:',
      ...examples.map((line) => `${INDENT}$ npx ${line}`),
    ]
    return [...sections, shown].map((lines) => `\n${lines.join('\n')}`).join('\n')
  }
}
