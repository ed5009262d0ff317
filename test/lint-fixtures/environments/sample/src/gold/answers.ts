/** What only graders know. */
export const GOLD = { answer: 42 }
