import { styleText } from 'node:util'
import type { Progress } from '@openenv-ts/rollout'
import { oneLine } from './failure.ts'
import { coloured } from './terminal.ts'

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
export function showProgress(stream: NodeJS.WriteStream): ProgressView {
  const draw = stream.isTTY ? barOn(stream) : linesOn(stream)
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
      if (stream.isTTY) stream.write('\r\x1b[K')
      for (const [reason, times] of [...failures].slice(0, MAX_REASONS)) {
        stream.write(`${episodes(times)} failed, ${reason}\n`)
      }
      const more = failures.size - MAX_REASONS
      if (more > 0) stream.write(`… and ${String(more)} more reasons: errors.jsonl in the run's folder.\n`)
    },
  }
}

function barOn(stream: NodeJS.WriteStream): (progress: Progress) => void {
  const startedAt = Date.now()
  const colour = coloured(stream) ? (text: string) => styleText('green', text) : (text: string) => text
  let drawnAt = 0
  return ({ done, total, resumed, mean }) => {
    const now = Date.now()
    if (now - drawnAt < REDRAW_MS && done < total) return
    drawnAt = now
    const filled = Math.round((done / total) * WIDTH)
    const bar = colour('█'.repeat(filled)) + '░'.repeat(WIDTH - filled)
    const played = done - resumed
    const left = played === 0 ? '' : `  ${duration(((now - startedAt) / played) * (total - done))} left`
    stream.write(`\r\x1b[K${bar} ${count(done, total)}${meanOf(mean)}${done < total ? left : ''}`)
  }
}

function linesOn(stream: NodeJS.WriteStream): (progress: Progress) => void {
  let tenth: number | undefined
  return ({ done, total, resumed, mean }) => {
    const now = Math.floor((done / total) * 10)
    if (tenth === undefined) {
      stream.write(resumed > 0 ? `Going on after ${count(resumed, total)}\n` : `Playing ${episodes(total)}\n`)
    } else if (now > tenth) {
      stream.write(`${count(done, total)}${meanOf(mean)}\n`)
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
