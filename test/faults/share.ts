/** `npm run test:full` repeats as often as is promised; every change, a share that shows the same faults. */
const FULL = process.env['OPENENV_FULL'] === '1'

/** What holds in full, or with every change. */
export function inFull(full: number, everyChange: number): number {
  return FULL ? full : everyChange
}
