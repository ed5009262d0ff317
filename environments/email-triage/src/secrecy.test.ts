import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openLocal } from '@openenv-ts/core'
import { describe, expect, it } from 'vitest'
import { emailTriage } from './environment.ts'
import { goldOf } from './grading/graders.ts'
import type { EmailObservation, TriageAction } from './models.ts'
import { oracle } from './oracle.ts'
import { TASK_IDS } from './tasks/canonical.ts'

const here = dirname(fileURLToPath(import.meta.url))

/** All files that a file imports, directly or not. */
function reaches(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  const source = readFileSync(file, 'utf8')
  for (const [, path = ''] of source.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g))
    reaches(resolve(dirname(file), path), seen)
  return seen
}

/** Everything that leaves an episode, with the actions of a policy that knows nothing. */
async function everythingSeen(taskId: string, act: (mail: EmailObservation) => unknown): Promise<string[]> {
  await using episode = openLocal(emailTriage)
  let reply = await episode.reset({ taskId })
  const seen: string[] = []
  const see = async (): Promise<void> => {
    seen.push(
      JSON.stringify({ observation: reply.observation, info: reply.info }),
      JSON.stringify(await episode.state()),
    )
  }
  await see()
  while (!reply.done) {
    reply = await episode.step(act(reply.observation) as TriageAction)
    await see()
  }
  return seen
}

describe('gold data', () => {
  it.each([
    'view.ts',
    'models.ts',
    'state.ts',
    'baseline/baseline.ts',
    'parse-action.ts',
    'tasks/canonical.ts',
  ])('cannot be reached from %s [ET-2]', (file) => {
    const reached = [...reaches(resolve(here, file))]
    expect(reached.length).toBeGreaterThan(0)
    expect(reached.filter((path) => /\/gold|\/grading|oracle/.test(path))).toEqual([])
  })

  it('is found by the walk above where it is used [ET-2]', () => {
    expect([...reaches(resolve(here, 'oracle.ts'))].some((path) => path.includes('/gold/'))).toBe(true)
  })

  it.each(TASK_IDS)('stands in nothing that %s shows, not even after mistakes [ET-2]', async (taskId) => {
    const idle = { label: 'normal', route_to: 'x', summary: 'y' }
    const seen = [
      ...(await everythingSeen(taskId, () => idle)),
      ...(await everythingSeen(taskId, () => ({ label: 'x', summary: 1, hint: true }))),
    ]
    const emails = new Map<string, EmailObservation>()
    await everythingSeen(taskId, (mail) => {
      emails.set(mail.email_id, mail)
      return oracle(mail)
    })
    expect(emails.size).toBeGreaterThan(5)
    for (const text of seen) {
      expect(text).not.toMatch(/gold|oracle|alsoRoutes|concepts|"facts"|"near"/i)
      for (const id of emails.keys()) {
        const { summary, facts } = goldOf(taskId, id)
        expect(text).not.toContain(summary)
        for (const { says, concepts } of facts) {
          if (says.length > 12) expect(text).not.toContain(says)
          for (const concept of concepts) if (concept.includes('|')) expect(text).not.toContain(concept)
        }
      }
    }
  })

  it.each(TASK_IDS)('is not named by the feedback of %s [ET-13]', async (taskId) => {
    for (const label of ['urgent', 'normal', 'spam', 'archive']) {
      await using episode = openLocal(emailTriage)
      let reply = await episode.reset({ taskId })
      const routes = String(reply.info['routes']).split(',')
      while (!reply.done) {
        reply = await episode.step({
          label,
          route_to: 'legal',
          summary: 'Something happened.',
        } as TriageAction)
        const feedback = String(reply.info['feedback'])
        expect(feedback).toMatch(/^Label: .*Route: .*Summary: /)
        for (const name of ['urgent', 'normal', 'spam', 'archive', ...routes]) {
          expect(feedback.toLowerCase()).not.toMatch(new RegExp(`\\b${name}\\b`))
        }
      }
    }
  })

  it('does not differ between two emails before they are graded: info is the same but for the step [ET-2]', async () => {
    await using episode = openLocal(emailTriage)
    const first = await episode.reset({ taskId: 'task_hard' })
    expect(Object.keys(first.info).sort()).toEqual(['description', 'routes', 'step', 'task_id'])
  })
})
