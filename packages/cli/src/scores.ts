import { printable } from '@openenv-ts/core/host'
import { summarize, type Summary } from '@openenv-ts/rollout'
import type { PlayFlags } from './commands/play-flags.ts'
import type { Played } from './play.ts'
import { isBuiltIn } from './environment.ts'
import { shellLine } from './shell-line.ts'
import { outputWidth, print, style, tableOf, type Printable } from './terminal.ts'

/** Rows of the table; a run of a thousand tasks keeps the rest for `--json`. */
const MAX_ROWS = 40
/** The k of pass@k that have room; `--json` has them all. */
const SHOWN_KS = ['1', '2', '4', '8']
/** Columns of a terminal that the border and padding of a cell take; the table has one border more. */
const BORDER = 3
/** What a task's name has at least. */
const NAME_WIDTH = 20 + BORDER
/** The columns of episodes and mean, and the table's own border. */
const NUMBERS_WIDTH = 8 + BORDER + 5 + BORDER + 1
/** One column of pass@k. */
const PASS_WIDTH = 6 + BORDER

/** Prints what an evaluation came to: a table by task, or with `--json` one object [OE-15]. */
export function printScores({ run }: Played, flags: PlayFlags): void {
  const summary = summarize(run, { success: flags.success })
  if (flags.json === true) {
    print(JSON.stringify(summary))
    return
  }
  print(...title(summary))
  print(scoreTable(summary))
  const [mean, passes] = [meanText(summary), passText(summary)]
  const fits = 'Mean  '.length + mean.length + passes.length <= outputWidth()
  print(style('bold', 'Mean'), `  ${mean}${fits ? passes : ''}`)
  if (!fits) print(style('bold', 'Pass'), `  ${passes.trim().replaceAll('   ', '  ')}`)
  printOutcomes(summary)
  printFolder(summary, run.manifest.source)
}

/** Prints where a run lies and what is in it, in a few lines. */
export function printRun({ run }: Played, flags: PlayFlags): void {
  const summary = summarize(run, { success: flags.success })
  if (flags.json === true) {
    print(JSON.stringify(summary))
    return
  }
  const steps = run.episodes.reduce((sum, { step_count }) => sum + step_count, 0)
  print(...title(summary), `, ${String(steps)} steps, mean ${meanText(summary)}`)
  printOutcomes(summary)
  printFolder(summary, run.manifest.source)
}

function title({ env, policy, model, episodes, tasks }: Summary): readonly Printable[] {
  const who = printable(model === null ? policy : `${policy} (${model})`)
  const over = tasks.length > 1 ? ` over ${String(tasks.length)} tasks` : ''
  const counted = episodes === 1 ? '1 episode' : `${String(episodes)} episodes`
  return [style('bold', printable(env)), ' played by ', style('bold', who), `: ${counted}${over}`]
}

/** The table, with as many of pass@k as have room; the line of the mean has all of them. */
function scoreTable(summary: Summary): string {
  const width = outputWidth()
  let ks = SHOWN_KS.filter((k) => k in summary.pass_at)
  while (ks.length > 1 && NAME_WIDTH + NUMBERS_WIDTH + ks.length * PASS_WIDTH > width) ks = ks.slice(0, -1)
  const room = width - NUMBERS_WIDTH - ks.length * PASS_WIDTH
  // A name that is cut off ends in one character more, `…`.
  return tableWith(summary, ks, Math.max(room, NAME_WIDTH) - BORDER - 1)
}

function tableWith({ tasks }: Summary, ks: readonly string[], nameLength: number): string {
  const rows = tasks.slice(0, MAX_ROWS).map(({ task_id, episodes, mean, pass_at: passes }) => {
    const shares = ks.map((k) => fixed(passes[k] ?? null))
    return [printable(task_id ?? '(no tasks)', nameLength), String(episodes), fixed(mean), ...shares]
  })
  const table = tableOf(['task', 'episodes', 'mean', ...ks.map((k) => `pass@${k}`)], rows)
  const more = tasks.length - MAX_ROWS
  return `${table}${more > 0 ? `\n… and ${String(more)} more tasks: --json lists all` : ''}`
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

function printFolder({ run, mean }: Summary, source: string | undefined): void {
  if (run === null) return
  print(`Run:  ${printable(run, 500)}`)
  if (mean === null) {
    print(style('dim', 'Next: fix what failed, and start a new run; --resume keeps failed episodes.'))
    return
  }
  const where = source === undefined || isBuiltIn(source) ? [] : ['--env', source]
  print(style('dim', `Next: ${shellLine('npx', 'openenv', 'replay', run, ...where)}`))
}

function fixed(value: number | null): string {
  return value === null ? '–' : value.toFixed(3)
}

function grouped(value: number): string {
  return value.toLocaleString('en-US')
}
