/** An email as it arrived: everything here may be shown to an agent. */
export interface Email {
  readonly id: string
  readonly subject: string
  readonly body: string
  /** `Name <name@host>`. */
  readonly sender: string
  /** ISO 8601. */
  readonly timestamp: string
  /** Earlier messages, oldest first. */
  readonly thread: readonly string[]
}

/** An inbox to work through, and what the agent is told about it. */
export interface TriageTask {
  readonly id: string
  /** Whose inbox it is. */
  readonly company: string
  /** Where emails can go: name, and what that team takes. */
  readonly routes: Readonly<Record<string, string>>
  readonly emails: readonly Email[]
}

/** The instructions for a task: labels, routes and what a summary should be. */
export function describeTask({ company, routes }: TriageTask): string {
  const teams = Object.entries(routes).map(([name, takes]) => `- ${name}: ${takes}`)
  return [
    `You sort the shared inbox of ${company}. Answer each email with a label, a route and a summary.`,
    'Labels:',
    '- urgent: people, goods, data or rights come to harm unless somebody acts today',
    '- normal: somebody has to act, and it can wait a day or more',
    '- spam: unwanted or deceitful mail, however important it sounds',
    '- archive: genuine, and the matter is closed',
    'Judge by what an email means, not by its tone, and read its thread. Routes:',
    ...teams,
    'Summary: one or two sentences of 8 to 50 words in your own words: what has happened, who needs what, by when. ' +
      'Words copied from the email earn nothing; neither do lists of keywords.',
  ].join('\n')
}
