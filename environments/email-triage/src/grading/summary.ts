import type { Fact } from '../gold/gold.ts'
import type { Email } from '../tasks/task.ts'
import { ownShare, trackedShare, withoutQuotations } from './copying.ts'
import { conceptShare, findFact } from './facts.ts'
import { isInflected, measureProse, type Prose } from './prose.ts'
import { wordsOf, type Word } from './words.ts'

/** Facts, by weight, that make a summary complete; the rest is detail that a short one may leave out. */
const ENOUGH = 5
/** Weight that earns nothing yet, so that one lucky hit is worth nothing. */
const FREE = 1.5
/** What a fact is worth that is said in the email's own words. */
const BORROWED = 0.75

/** What a summary says and how; `score` is what it earns. */
export interface SummaryGrade {
  /** 0 to 1. */
  readonly score: number
  /** Share of the facts that matter, 0 to 1. */
  readonly coverage: number
  /** 1 for sentences in one's own words, less towards lists, extracts and endless texts. */
  readonly form: number
}

/** Rises from 0 at `from` to 1 at `to`; falls when `to` is the smaller one. */
function ramp(value: number, from: number, to: number): number {
  return Math.min(1, Math.max(0, (value - from) / (to - from)))
}

/** The words of an email; every summary of it is held against them. */
interface Source {
  readonly words: readonly Word[]
  readonly stems: ReadonlySet<string>
}

const sources = new WeakMap<Email, Source>()

function sourceOf(email: Email): Source {
  let source = sources.get(email)
  if (source === undefined) {
    const parts = [email.subject, email.body, ...email.thread, email.sender]
    const words = parts.flatMap((part) => wordsOf(part))
    source = { words, stems: new Set(words.map(({ stem }) => stem)) }
    sources.set(email, source)
  }
  return source
}

function proseScore({ words, grammar, glueVariety, broken, longestList, variety, marks }: Prose): number {
  return Math.min(
    ramp(words, 4, 6),
    ramp(words, 100, 65),
    // Telegrams have marks where sentences have words.
    ramp(grammar + Math.min(marks, 0.25) / 2, 0.07, 0.14),
    ramp(grammar, 0.85, 0.75),
    ramp(glueVariety, 0.4, 0.55),
    ramp(broken, 3, 1),
    ramp(longestList, 12, 8),
    ramp(variety, 0.4, 0.6),
    ramp(marks, 0.45, 0.36),
  )
}

/**
 * Scores a summary against the facts that matter. Pure, and blind to everything but its arguments.
 *
 * What is quoted counts for nothing; a fact counts in full only when at least one of the words that say it is not
 * the email's; and what is no prose (lists, shuffled words, extracts with gaps) is marked down as a whole.
 */
export function gradeSummary(summary: string, email: Email, facts: readonly Fact[]): SummaryGrade {
  // A text far beyond any summary earns nothing, and is not worth measuring.
  if (summary.length > 2_000) return { score: 0, coverage: 0, form: 0 }
  const words = wordsOf(summary)
  const { words: source, stems } = sourceOf(email)
  const form =
    proseScore(measureProse(words)) *
    ramp(trackedShare(words, source), 0.9, 0.7) *
    ramp(ownShare(words, stems), 0.02, 0.1) *
    (isInflected(words) ? 1 : ramp(conceptShare(facts, words), 1, 0.9))
  const kept = withoutQuotations(words, source)
  let said = 0
  let own = 0
  for (const fact of facts) {
    const found = findFact(fact, kept, stems)
    if (found === null) continue
    const weight = fact.weight ?? 1
    said += found.own ? weight : weight * BORROWED
    if (found.own) own += weight
  }
  const coverage = own === 0 ? 0 : Math.min(1, Math.max(0, (said - FREE) / (ENOUGH - FREE)))
  return { score: round(coverage * form), coverage, form }
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
