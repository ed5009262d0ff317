import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EmailTriageEnv } from './email-triage-env.ts'
import { EmailObservation, EnvironmentState, ResetResult, StepResult } from './models.ts'
import { oracle } from './oracle.ts'

const TASKS = { task_easy: 6, task_medium: 8, task_hard: 10 }
const bad = { label: 'later', summary: 'Somebody should read this.', route_to: 'none' }

function played(taskId: string): { replies: StepResult[]; env: EmailTriageEnv } {
  const env = new EmailTriageEnv(taskId)
  const replies: StepResult[] = []
  let { observation } = env.reset()
  while (replies.at(-1)?.done !== true) {
    const reply = env.step(oracle(observation))
    replies.push(reply)
    observation = reply.observation
  }
  return { replies, env }
}

describe('EmailTriageEnv', () => {
  it('refuses an unknown task and names those that exist [ET-5]', () => {
    expect(() => new EmailTriageEnv('task_nope')).toThrow(/task_nope.*task_easy, task_medium, task_hard/)
    expect(() => new EmailTriageEnv('__proto__')).toThrow(
      expect.objectContaining({ code: 'VALIDATION_ERROR' }),
    )
  })

  it.each(Object.entries(TASKS))('shows the first email of %s after every reset [ET-6]', (taskId, total) => {
    const env = new EmailTriageEnv(taskId)
    const first = env.reset()
    expect(ResetResult.parse(first)).toEqual(first)
    expect(first.observation).toMatchObject({ task_id: taskId, step_number: 0, total_emails: total })
    expect(first.info).toMatchObject({ task_id: taskId })
    env.step(oracle(first.observation))
    env.step(bad)
    expect(env.reset()).toEqual(first)
    expect(env.state()).toMatchObject({
      current_step: 0,
      done: false,
      action_history: [],
      reward_history: [],
    })
  })

  it.each(Object.entries(TASKS))(
    'grades one email of %s a step, and ends with a terminal observation [ET-7]',
    (taskId, total) => {
      const { replies, env } = played(taskId)
      expect(replies).toHaveLength(total)
      for (const [index, reply] of replies.entries()) {
        expect(StepResult.parse(reply)).toEqual(reply)
        expect(reply.observation.step_number).toBe(index + 1)
        expect(reply.info['step']).toBe(index + 1)
        expect(reply.done).toBe(index + 1 === total)
      }
      const last = replies.at(-1)?.observation
      const before = replies.at(-2)?.observation
      expect(Object.keys(last ?? {}).sort()).toEqual(Object.keys(EmailObservation.shape).sort())
      expect(last).toMatchObject({ email_id: '', subject: '', body: '', sender: '', thread_history: [] })
      expect(last?.timestamp).toBe(before?.timestamp)
      expect(env.state().done).toBe(true)
    },
  )

  it('takes an invalid action as a step with reward 0 that says why, on the same email [ET-7]', () => {
    const env = new EmailTriageEnv('task_easy')
    const { observation } = env.reset()
    const reply = env.step(bad)
    expect(reply.reward).toBe(0)
    expect(reply.info['error']).toMatch(/label/)
    expect(reply.observation).toEqual({ ...observation, step_number: 1 })
    expect(env.state()).toMatchObject({ current_step: 1, reward_history: [0] })
    expect(env.step(oracle(observation)).info).not.toHaveProperty('error')
  })

  it('ends at twice the number of emails, and counts what was not graded as 0 [ET-7]', () => {
    const env = new EmailTriageEnv('task_easy')
    const { observation } = env.reset()
    env.step(oracle(observation))
    for (let step = 2; step < 12; step += 1) expect(env.step(null).done).toBe(false)
    const last = env.step(null)
    expect(last.done).toBe(true)
    expect(last.info['score']).toBeCloseTo(1 / 6, 4)
    expect(env.state()).toMatchObject({ current_step: 12, total_steps: 12, done: true })
  })

  it('never throws for what an agent sends, whatever it is [ET-7]', () => {
    const env = new EmailTriageEnv('task_medium')
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withSparseArray: true }), (action) => {
        env.reset()
        const reply = env.step(action)
        expect(StepResult.safeParse(reply).success).toBe(true)
        expect(reply.info['step']).toBe(1)
      }),
    )
  })

  it('refuses a step before reset and after the end [ET-7]', () => {
    expect(() => new EmailTriageEnv('task_easy').step(bad)).toThrow(/reset/)
    expect(() => played('task_easy').env.step(bad)).toThrow(/reset/)
  })

  it('gives a state that nobody can change from outside [ET-8]', () => {
    const env = new EmailTriageEnv('task_easy')
    const { observation } = env.reset()
    env.step(oracle(observation))
    env.step({})
    const state = env.state()
    expect(EnvironmentState.parse(state)).toEqual(state)
    state.action_history.length = 0
    state.reward_history.push(5)
    state.current_step = 99
    expect(env.state()).toMatchObject({ current_step: 2, total_steps: 12 })
    expect(env.state().action_history).toHaveLength(2)
    expect(env.state().reward_history).toHaveLength(2)
  })
})
