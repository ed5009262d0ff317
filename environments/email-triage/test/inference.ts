import { expect } from 'vitest'

/** A key that no output may hold. */
export const KEY = 'hf_secret_key_4711'

/** The variables of a model at an endpoint. */
export const variables = (API_BASE_URL: string): Record<string, string> => ({
  API_BASE_URL,
  HF_TOKEN: KEY,
  MODEL_NAME: 'some/model',
})

/** What every run prints, whatever the model does [ET-19]. */
export function checkFormat(lines: readonly string[]): void {
  const table = lines.indexOf('=== SCORE TABLE ===')
  expect(lines.filter((line) => line.startsWith('Episode: '))).toEqual(
    ['task_easy', 'task_medium', 'task_hard'].map((task) => `Episode: ${task}`),
  )
  const steps = lines.filter((line) => line.startsWith('Step '))
  expect(steps).toHaveLength(24)
  for (const line of steps)
    expect(line).toMatch(
      /^Step \d+: label=(?:urgent|normal|spam|archive), route=[^\n]* -> reward [+-]\d\.\d\d$/,
    )
  const finals = lines
    .filter((line) => line.startsWith('Final score: '))
    .map((line) => Number(line.slice(13)))
  expect(finals).toHaveLength(3)
  expect(lines.slice(table + 1)).toEqual([
    'Task Score Steps',
    `task_easy ${finals[0]?.toFixed(2) ?? ''} 6`,
    `task_medium ${finals[1]?.toFixed(2) ?? ''} 8`,
    `task_hard ${finals[2]?.toFixed(2) ?? ''} 10`,
    expect.stringMatching(/^Mean \d\.\d\d$/),
  ])
  expect(lines.every((line) => !line.includes('\n'))).toBe(true)
  expect(lines.join('\n')).not.toContain(KEY)
}
