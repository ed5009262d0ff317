import { openLocal, type Reply } from '@openenv-ts/core'
import { checkEnvironment } from '@openenv-ts/core/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { baseline } from './baseline/baseline.ts'
import { EmailTriageEnv } from './email-triage-env.ts'
import { emailTriage } from './environment.ts'
import { graderOf } from './grading/graders.ts'
import { EmailObservation, Label, TriageAction } from './models.ts'
import { oracle } from './oracle.ts'

const TASKS = ['task_easy', 'task_medium', 'task_hard']
const number = (value: unknown): number => {
  if (typeof value !== 'number') throw new TypeError(`${String(value)} is no number`)
  return value
}

async function replies(
  taskId: string,
  act: (mail: EmailObservation) => unknown,
): Promise<Reply<EmailObservation>[]> {
  await using episode = openLocal(emailTriage)
  let reply = await episode.reset({ taskId })
  const all = [reply]
  while (!reply.done) {
    reply = await episode.step(act(reply.observation) as TriageAction)
    all.push(reply)
  }
  return all
}

describe('email-triage', () => {
  it('keeps the contract of environments', async () => {
    const { checked } = await checkEnvironment(emailTriage)
    // Gold data has tests of its own; every other promise was put to the test.
    const untested = Object.entries(checked).filter(([, times]) => times === 0)
    expect(untested).toEqual([['gold', 0]])
  })

  it('shows exactly the nine fields, and takes exactly the three [ET-1] [ET-3]', () => {
    expect(Object.keys(EmailObservation.shape)).toEqual([
      'email_id',
      'subject',
      'body',
      'sender',
      'timestamp',
      'thread_history',
      'task_id',
      'step_number',
      'total_emails',
    ])
    expect(Object.keys(TriageAction.shape)).toEqual(['label', 'summary', 'route_to'])
    expect(Label.options).toEqual(['urgent', 'normal', 'spam', 'archive'])
    const action = { label: 'urgent', summary: '', route_to: 'none' }
    expect(TriageAction.safeParse({ ...action, mood: 'calm' }).success).toBe(false)
    expect(TriageAction.safeParse({ ...action, label: 'Urgent' }).success).toBe(false)
  })

  it.each(TASKS)(
    'tells what the routes of %s are, in words and as a list, at reset [ET-3]',
    async (taskId) => {
      const [first] = await replies(taskId, oracle)
      const description = String(first?.info['description'])
      const routes = String(first?.info['routes']).split(',')
      expect(routes.length).toBeGreaterThan(5)
      for (const route of routes) expect(description).toMatch(new RegExp(`^- ${route}: .{10,}`, 'm'))
      for (const label of Label.options) expect(description).toMatch(new RegExp(`^- ${label}: .{10,}`, 'm'))
    },
  )

  it('starts task_easy when nothing is asked for [ET-16]', async () => {
    await using episode = openLocal(emailTriage)
    const { observation } = await episode.reset()
    expect(observation.task_id).toBe('task_easy')
  })

  it('says terminated at the end of the inbox and truncated at the limit of steps [ET-7]', async () => {
    expect((await replies('task_easy', oracle)).at(-1)?.status).toBe('terminated')
    const cut = await replies('task_easy', () => ({}))
    expect(cut).toHaveLength(13)
    expect(cut.at(-1)).toMatchObject({ status: 'truncated', reward: 0, info: { score: 0 } })
  })

  it('gives as score the mean of the base scores, at the end only [ET-11]', async () => {
    for (const taskId of TASKS) {
      const all = (await replies(taskId, oracle)).slice(1)
      expect(all.slice(0, -1).some(({ info }) => 'score' in info)).toBe(false)
      expect(all.at(-1)?.info['score']).toBe(1)
    }
  })

  it('makes every reward of the four terms, clipped, as recomputed here by hand [ET-13]', async () => {
    const mixed = (mail: EmailObservation): unknown => {
      if (mail.step_number % 5 === 3) return { label: 'urgent' }
      return { label: Label.options[mail.step_number % 4], route_to: 'security', summary: mail.subject }
    }
    const plays = { oracle, mixed, lost: () => ({ label: 'archive', route_to: 'none', summary: '' }) }
    for (const act of Object.values(plays)) {
      for (const taskId of TASKS) {
        const all = (await replies(taskId, act)).slice(1)
        const scores: number[] = []
        for (const [index, { reward, info, terms, observation }] of all.entries()) {
          const step = index + 1
          const parts = ['base_score', 'step_cost', 'trajectory_bonus', 'penalties'].map((name) =>
            number(info[`reward.${name}`]),
          )
          if ('error' in info) {
            expect([reward, ...parts]).toEqual([0, 0, 0, 0, 0])
            continue
          }
          const [base = 0, cost = 0, bonus = 0, penalties = 0] = parts
          scores.push(base)
          expect(info['base_score']).toBe(base)
          expect(cost).toBeCloseTo(-0.01 * step, 10)
          const finished = scores.length === observation.total_emails
          const mean = scores.reduce((sum, score) => sum + score, 0) / observation.total_emails
          expect(bonus).toBeCloseTo(finished ? 0.1 * mean : 0, 4)
          expect([0, -0.1, -0.2]).toContain(penalties)
          expect(reward).toBeCloseTo(Math.min(1, Math.max(-1, base - 0.01 * step + bonus + penalties)), 10)
          expect(terms).toEqual(
            Object.entries({ base_score: base, step_cost: cost, trajectory_bonus: bonus, penalties }).map(
              ([name, value]) => ({ name, value, weight: 1 }),
            ),
          )
        }
      }
    }
  })

  it('keeps the rewards of the replies in the state, one a step [ET-4]', async () => {
    await using episode = openLocal(emailTriage)
    let reply = await episode.reset({ taskId: 'task_hard' })
    const rewards: (number | null)[] = []
    while (!reply.done) {
      const action =
        reply.observation.step_number === 2 ? ({ label: 'x' } as never) : oracle(reply.observation)
      reply = await episode.step(action)
      rewards.push(reply.reward)
    }
    const state = await episode.state()
    expect(state['reward_history']).toEqual(rewards)
    expect(state['action_history']).toHaveLength(rewards.length)
    expect(state).toMatchObject({ stepCount: 11, current_step: 11, total_steps: 20, done: true })
  })

  it('punishes setting an urgent email aside, and passing a deceit on as urgent [ET-13]', () => {
    const hard = graderOf('task_hard')
    expect(hard.penalty('hard-02', 'archive')).toBe(0.2)
    expect(hard.penalty('hard-04', 'urgent')).toBe(0.1)
    expect(hard.penalty('hard-02', 'normal')).toBe(0)
  })

  it('plays the same in the class and in the episode [ET-5]', async () => {
    for (const taskId of TASKS) {
      const env = new EmailTriageEnv(taskId)
      const { info } = env.reset()
      const fromEpisode = await replies(taskId, (mail) => baseline(mail, { info }))
      for (const { observation, reward, done, info: said } of fromEpisode.slice(1)) {
        const { observation: before } = fromEpisode[observation.step_number - 1] ?? { observation }
        expect(env.step(baseline(before, { info }))).toEqual({ observation, reward, done, info: said })
      }
    }
  })

  it('keeps every reward within -1 and 1, and every base score within 0 and 1 [ET-11] [ET-13]', () => {
    const action = fc.record({
      label: fc.constantFrom(...Label.options),
      route_to: fc.string(),
      summary: fc.string({ maxLength: 400 }),
    })
    fc.assert(
      fc.property(
        fc.constantFrom(...TASKS),
        fc.array(action, { minLength: 10, maxLength: 10 }),
        (taskId, actions) => {
          const env = new EmailTriageEnv(taskId)
          env.reset()
          for (const each of actions) {
            if (env.state().done) break
            const { reward, info } = env.step(each)
            expect(Math.abs(reward)).toBeLessThanOrEqual(1)
            expect(info['base_score']).toBeGreaterThanOrEqual(0)
            expect(info['base_score']).toBeLessThanOrEqual(1)
          }
        },
      ),
      { numRuns: 40 },
    )
  })
})
