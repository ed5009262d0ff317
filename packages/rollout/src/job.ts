/** One episode that a run owes. */
export interface Job {
  readonly episode_id: string
  readonly task_id: string | null
  readonly split: string | null
  readonly repeat: number
  readonly seed: number
}
