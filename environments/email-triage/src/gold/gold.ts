import type { Label } from '../models.ts'

/**
 * Something that a summary should say.
 *
 * Each concept is a list of wordings joined by `|`. A word in a wording matches words that begin with it, and only
 * itself when a dot follows or when it is a number; a wording of several words allows two others between them. The
 * fact is said when all its concepts stand near each other. The first concept is the claim itself: "not" in front of
 * it turns the fact into its opposite.
 */
export interface Fact {
  /** For people who read this file. */
  readonly says: string
  /** 1 when not given. */
  readonly weight?: number
  readonly concepts: readonly string[]
}

/** The right answer to one email. Agents never see any of it. */
export interface EmailGold {
  readonly label: Label
  /** Labels that a careful reader might defend, and the share of credit they earn. */
  readonly near?: Readonly<Partial<Record<Label, number>>>
  readonly route: string
  /** Routes that a careful reader might defend, and the share of credit they earn. */
  readonly alsoRoutes?: Readonly<Record<string, number>>
  readonly facts: readonly Fact[]
  /** A summary that earns everything. */
  readonly summary: string
}

/** The right answers of one task, by email id. */
export type TaskGold = Readonly<Record<string, EmailGold>>
