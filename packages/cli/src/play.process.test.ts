import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, lines, openenv, start } from '../test/command.ts'

const GUESS = await readFile(new URL('../../../examples/guess.ts', import.meta.url), 'utf8')
/** Takes its time, so that a run can be stopped in its middle. */
const SLOW = `export default async () => {
  await new Promise((resolve) => setTimeout(resolve, 15))
  return { number: 1 }
}
`

/** The repeats of the episodes that were written. */
async function repeatsIn(dir: string): Promise<number[]> {
  const text = await readFile(join(dir, 'episodes.jsonl'), 'utf8')
  return lines(text).map((line) => (JSON.parse(line) as { readonly repeat: number }).repeat)
}

describe('a run that is stopped', () => {
  const ARGS = [
    'eval',
    './guess.ts',
    '--policy',
    './slow.ts',
    '--repeats',
    '24',
    '--concurrency',
    '3',
    '--out',
    'run',
  ]

  it('by kill -9 goes on with --resume: nothing lost, nothing twice [OE-16]', async () => {
    await using here = await folder({ 'guess.ts': GUESS, 'slow.ts': SLOW })
    const file = join(here.path, 'run/episodes.jsonl')
    await using first = start(ARGS, { cwd: here.path })
    await first.shows(/\d+\/24 episodes {2}mean/)
    first.kill('SIGKILL')
    expect((await first.finished).code).toBeNull()
    const before = await readFile(file, 'utf8')

    expect((await openenv(ARGS, { cwd: here.path })).code).toBe(2)
    const { code, stderr } = await openenv([...ARGS, '--resume'], { cwd: here.path })
    expect(stderr).toContain('24/24 episodes')
    expect(code).toBe(0)
    const whole = before.slice(0, before.lastIndexOf('\n') + 1)
    expect(whole).not.toBe('')
    expect((await readFile(file, 'utf8')).startsWith(whole)).toBe(true)
    const repeats = await repeatsIn(join(here.path, 'run'))
    expect(repeats.sort((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, at) => at))
    expect((await openenv(['replay', 'run', '--env', './guess.ts'], { cwd: here.path })).stdout).toContain(
      'Equal: 24 episodes',
    )
  })

  it('by Ctrl-C ends with 130 and a valid run that --resume finds by its settings [OE-15] [OE-16]', async () => {
    await using here = await folder({ 'guess.ts': GUESS, 'slow.ts': SLOW })
    const args = ARGS.slice(0, -2)
    await using first = start(args, { cwd: here.path })
    await first.shows(/\d+\/24 episodes {2}mean/)
    first.kill('SIGINT')
    const stopped = await first.finished
    expect(stopped.code).toBe(130)
    expect(stopped.stdout).toBe('')
    expect(stopped.stderr).toContain('--resume')
    const resumed = await openenv([...args, '--resume', '--json'], { cwd: here.path })
    expect(resumed.code).toBe(0)
    expect(JSON.parse(resumed.stdout)).toMatchObject({ episodes: 24, outcomes: { completed: 24 } })
    expect(await readdir(join(here.path, 'runs'))).toHaveLength(1)
  })

  it('does not go on with other settings, and names the difference [OE-16]', async () => {
    await using here = await folder({ 'guess.ts': GUESS, 'slow.ts': SLOW })
    await using first = start(ARGS, { cwd: here.path })
    await first.shows(/\d+\/24 episodes {2}mean/)
    first.kill('SIGINT')
    await first.finished
    const { code, stderr } = await openenv([...ARGS, '--resume', '--seed', '5'], { cwd: here.path })
    expect(stderr).toContain('seed')
    expect(lines(stderr)).toHaveLength(1)
    expect(code).toBe(2)
  })

  it('quits at once at the second Ctrl-C', async () => {
    await using here = await folder({
      'guess.ts': GUESS,
      'stuck.ts': 'export default () => new Promise((resolve) => setTimeout(resolve, 600_000))',
    })
    await using first = start(['eval', './guess.ts', '--policy', './stuck.ts', '--out', 'run'], {
      cwd: here.path,
    })
    await first.shows(/Playing 1 episode/)
    first.kill('SIGINT')
    await first.shows(/Ctrl-C again/)
    first.kill('SIGINT')
    expect((await first.finished).code).toBe(130)
  })
})
