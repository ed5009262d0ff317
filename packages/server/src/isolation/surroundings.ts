import { isTokenVariable } from '../node/tokens.ts'
import { MARK } from './descendants.ts'

/** Environment variables that every process gets; others may hold secrets, or steer Node. */
const VARIABLES = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SystemRoot']

/** The variables of an executor that is a process: a few that programs need, and those that are named. */
export function processVariables(named: readonly string[], mark: string): Record<string, string> {
  const wanted = new Set([...VARIABLES, ...named])
  return variables((name) => wanted.has(name) && name !== 'NODE_OPTIONS', mark)
}

/** The variables of an executor that is a thread: those of this process. */
export function threadVariables(mark: string): Record<string, string> {
  return variables(() => true, mark)
}

/** A token opens a plane of the server: no environment gets one. */
function variables(passes: (name: string) => boolean, mark: string): Record<string, string> {
  const passed: Record<string, string> = { [MARK]: mark }
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && name !== MARK && !isTokenVariable(name) && passes(name)) passed[name] = value
  }
  return passed
}
