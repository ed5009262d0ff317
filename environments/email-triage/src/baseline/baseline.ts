import type { Info } from '@openenv-ts/core'
import type { EmailObservation, Label, TriageAction } from '../models.ts'
import { GISTS, LABEL_CUES, TOPICS } from './cues.ts'
import { deadlineIn, isDisguised, nameOf } from './mail.ts'

/** What the baseline uses beside the observation. */
export interface BaselineContext {
  /** The last reply's info over the reset's: it holds the task's `description` and `routes`. */
  readonly info: Info
}

/**
 * A policy of rules: it weighs words for labels and teams, and says in words of its own what it recognised.
 *
 * Pure. It reads what every agent sees, and nothing else.
 */
export function baseline(observation: EmailObservation, { info }: BaselineContext): TriageAction {
  const description = textOf(info['description'])
  const routes = textOf(info['routes']).split(',')
  const mail = `${observation.subject}\n${observation.body}`
  const disguised = isDisguised(observation, description)
  const label = disguised ? 'spam' : labelFor(mail)
  const team =
    disguised || /not a bill|no obligation/i.test(mail)
      ? teamClaiming(/fraud/, description)
      : teamFor(mail, label, description)
  return {
    label,
    route_to: team !== undefined && routes.includes(team) ? team : (routes.at(-1) ?? ''),
    summary: disguised ? deceitOf(observation) : summaryOf(observation, label),
  }
}

function textOf(value: string | number | boolean | undefined): string {
  return typeof value === 'string' ? value : ''
}

function labelFor(mail: string): Label {
  const votes: Record<Label, number> = { urgent: 0, normal: 1, spam: 0, archive: 0 }
  for (const [label, weight, pattern] of LABEL_CUES) if (pattern.test(mail)) votes[label] += weight
  const ranked = (Object.entries(votes) as [Label, number][]).sort(([, left], [, right]) => right - left)
  return ranked[0]?.[0] ?? 'normal'
}

/** The team whose work the mail talks of most; mail that nobody asked for goes to nobody. */
function teamFor(mail: string, label: Label, description: string): string | undefined {
  const nobody = teamClaiming(/^nobody/, description)
  if (label === 'spam') return nobody
  let best = { hits: 1, team: nobody }
  for (const [, claimed, shown] of TOPICS) {
    const team = teamClaiming(claimed, description)
    const hits = new Set((mail.match(shown) ?? []).map((word) => word.toLowerCase())).size
    if (team !== undefined && hits > best.hits) best = { hits, team }
  }
  return best.team
}

/** The first of the lines `- name: what it takes` of the description that claims something. */
function teamClaiming(work: RegExp, description: string): string | undefined {
  const teams = [...description.matchAll(/^- ([\w-]+): (.*)$/gm)]
  const names = teams.filter(([, , takes = '']) => work.test(takes)).map(([, name]) => name)
  return names.find((name) => !['urgent', 'normal', 'spam', 'archive'].includes(name ?? ''))
}

function deceitOf(observation: EmailObservation): string {
  const { body } = observation
  const who = nameOf(observation)
  return /password|digits|code\b/i.test(body)
    ? `Phishing: somebody impersonating ${who} wants to steal a password and a login code.`
    : `Fraud: somebody impersonating ${who} wants money sent to a different account.`
}

function summaryOf(observation: EmailObservation, label: Label): string {
  const mail = `${observation.subject}\n${observation.body}`
  const meanings = GISTS.filter(([pattern]) => pattern.test(mail)).map(([, meaning]) => meaning)
  const [first = 'has sent something that a person should read', second] = meanings
  const when = deadlineIn(observation)
  const until =
    label === 'spam' || label === 'archive'
      ? '; no action is needed'
      : when === ''
        ? ''
        : `; the time to note is ${when}`
  return `${nameOf(observation)} ${second === undefined ? first : `${first} and ${second}`}${until}.`
}
