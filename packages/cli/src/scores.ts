import { summarise, type Summary } from '@openenv-ts/rollout'
import Table from 'cli-table3'
import type { PlayFlags } from './commands/play-flags.ts'
import type { Played } from './play.ts'
import { isBuiltIn } from './environment.ts'
import { print, style } from './terminal.ts'

/** Rows of the table; a run of a thousand tasks keeps the rest for `--json`. */
const MAX_ROWS = 40
/** The k of pass@k that have room; `--json` has them all. */
const SHOWN_KS = ['1', '2', '4', '8']

/** Prints what an evaluation came to: a table by task, or with `--json` one object [OE-15]. */
export function printScores({ run }: Played, flags: PlayFlags): void {
  const summary = summarise(run, { success: flags.success })
  if (flags.json === true) {
    print(JSON.stringify(summary))
    return
  }
  print(title(summary))
  print(scoreTable(summary))
  print(`${style('bold', 'Mean')}  ${meanText(summary)}${passText(summary)}`)
  printOutcomes(summary)
  printFolder(summary, run.manifest.source)
}

/** Prints where a run lies and what is in it, in a few lines. */
export function printRun({ run }: Played, flags: PlayFlags): void {
  const summary = summarise(run, { success: flags.success })
  if (flags.json === true) {
    print(JSON.stringify(summary))
    return
  }
  const steps = run.episodes.reduce((sum, { step_count }) => sum + step_count, 0)
  print(`${title(summary)}, ${String(steps)} steps, mean ${meanText(summary)}`)
  printOutcomes(summary)
  printFolder(summary, run.manifest.source)
}

function title({ env, policy, model, episodes, tasks }: Summary): string {
  const who = model === null ? policy : `${policy} (${model})`
  const over = tasks.length > 1 ? ` over ${String(tasks.length)} tasks` : ''
  return `${style('bold', env)} played by ${style('bold', who)}: ${episodes === 1 ? '1 episode' : `${String(episodes)} episodes`}${over}`
}

function scoreTable({ tasks, pass_at }: Summary): string {
  const ks = SHOWN_KS.filter((k) => k in pass_at)
  const table = new Table({
    head: ['task', 'episodes', 'mean', ...ks.map((k) => `pass@${k}`)],
    colAligns: ['left', 'right', 'right', ...ks.map(() => 'right' as const)],
    // cli-table3 writes its colours whatever the stream is.
    style: { head: [], border: [], compact: true },
  })
  for (const task of tasks.slice(0, MAX_ROWS)) {
    const passes = ks.map((k) => fixed(task.pass_at[k] ?? null))
    table.push([task.task_id ?? '(no tasks)', task.episodes, fixed(task.mean), ...passes])
  }
  const more = tasks.length - MAX_ROWS
  return `${table.toString()}${more > 0 ? `\n… and ${String(more)} more tasks: --json lists all` : ''}`
}

function meanText({ mean, ci95 }: Summary): string {
  if (mean === null) return 'none: no episode has a score'
  if (ci95 === null) return fixed(mean)
  const [low, high] = ci95
  return `${fixed(mean)} ± ${fixed((high - low) / 2)} (95 %: ${fixed(low)} to ${fixed(high)})`
}

function passText({ pass_at }: Summary): string {
  return SHOWN_KS.filter((k) => k in pass_at)
    .map((k) => `   pass@${k} ${fixed(pass_at[k] ?? null)}`)
    .join('')
}

/** What an error took out of the mean is always said; that all went well is not. */
function printOutcomes({ outcomes, usage }: Summary): void {
  const counted = Object.entries(outcomes)
  if (counted.some(([name, count]) => name !== 'completed' && count > 0)) {
    print(`Outcomes: ${counted.map(([name, count]) => `${String(count)} ${name}`).join(', ')}`)
  }
  if (usage === null) return
  const { requests, prompt_tokens, completion_tokens, total_tokens } = usage
  print(
    `Used: ${grouped(requests)} requests, ${grouped(total_tokens)} tokens ` +
      `(${grouped(prompt_tokens)} in, ${grouped(completion_tokens)} out)`,
  )
}

function printFolder({ run }: Summary, source: string | undefined): void {
  if (run === null) return
  const where = source === undefined || isBuiltIn(source) ? '' : ` --env ${source}`
  print(`Run:  ${run}`)
  print(style('dim', `Next: openenv replay ${run}${where}`))
}

function fixed(value: number | null): string {
  return value === null ? '–' : value.toFixed(3)
}

function grouped(value: number): string {
  return value.toLocaleString('en-US')
}
