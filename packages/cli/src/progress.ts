import type { Progress } from '@openenv-ts/rollout'
import { oneLine } from './failure.ts'
import { style, type Output } from './terminal.ts'

/** What shows a person how far a run is. */
export interface ProgressView {
  readonly update: (progress: Progress) => void
  /** Takes the bar away and says which episodes failed, and why. */
  end(): void
}

const WIDTH = 24
const REDRAW_MS = 80
const MAX_REASONS = 5

/** Shows progress: a bar on a terminal, about ten plain lines elsewhere. */
export function showProgress(output: Output): ProgressView {
  const draw = output.isTerminal ? barOn(output) : linesOn(output)
  const failures = new Map<string, number>()
  return {
    update: (progress) => {
      const { failure, episode } = progress
      if (failure !== undefined) {
        const reason = `${episode?.outcome ?? 'error'} during ${failure.during}: ${oneLine(failure.message)}`
        failures.set(reason, (failures.get(reason) ?? 0) + 1)
      }
      draw(progress)
    },
    end: () => {
      if (output.isTerminal) output.redraw()
      for (const [reason, times] of [...failures].slice(0, MAX_REASONS)) {
        output.line(`${episodes(times)} failed, ${reason}`)
      }
      const more = failures.size - MAX_REASONS
      if (more > 0) output.line(`… and ${String(more)} more reasons: errors.jsonl in the run's folder.`)
    },
  }
}

function barOn(output: Output): (progress: Progress) => void {
  const startedAt = Date.now()
  let drawnAt = 0
  return ({ done, total, resumed, mean }) => {
    const now = Date.now()
    if (now - drawnAt < REDRAW_MS && done < total) return
    drawnAt = now
    const played = done - resumed
    const left = played === 0 ? '' : `  ${duration(((now - startedAt) / played) * (total - done))} left`
    const text = `${count(done, total)}${meanOf(mean)}${done < total ? left : ''}`
    // A line that wraps cannot be drawn again. The last column stays free: some terminals wrap when it is filled.
    const room = output.width - 1
    const width = Math.max(0, Math.min(WIDTH, room - text.length - 1))
    const filled = Math.round((done / total) * width)
    const bar = `${'░'.repeat(width - filled)}${width === 0 ? '' : ' '}`
    output.redraw(style('green', '█'.repeat(filled)), bar, text.slice(0, Math.max(0, room)))
  }
}

function linesOn(output: Output): (progress: Progress) => void {
  let tenth: number | undefined
  return ({ done, total, resumed, mean }) => {
    const now = Math.floor((done / total) * 10)
    if (tenth === undefined) {
      output.line(resumed > 0 ? `Going on after ${count(resumed, total)}` : `Playing ${episodes(total)}`)
    } else if (now > tenth) {
      output.line(`${count(done, total)}${meanOf(mean)}`)
    }
    tenth = now
  }
}

function count(done: number, total: number): string {
  return `${String(done)}/${episodes(total)}`
}

function episodes(number: number): string {
  return number === 1 ? '1 episode' : `${String(number)} episodes`
}

function meanOf(mean: number | null): string {
  return mean === null ? '' : `  mean ${mean.toFixed(3)}`
}

function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  if (seconds < 90) return `${String(seconds)} s`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 90 ? `${String(minutes)} min` : `${String(Math.ceil(minutes / 60))} h`
}
