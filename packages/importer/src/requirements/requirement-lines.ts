import type { Finding } from '../source/finding.ts'

/** A requirement that can be had from the package index. */
export interface Requirement {
  /** As the index compares names: lower case, with hyphens. */
  readonly package: string
  /** As it is written, without its comment. */
  readonly text: string
}

/** What a list of requirements holds. */
export interface RequirementList {
  readonly requirements: readonly Requirement[]
  /** Further lists that it names, as paths relative to it. */
  readonly lists: readonly string[]
  /** What is not followed [IM-21]. */
  readonly findings: readonly Finding[]
}

const NAME = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?\s*(?=$|[<>=!~;(@])/
const MOST_SHOWN = 80

/** Reads requirements in pip's format; `-r` names further lists, everything that leads away from the index is a finding. */
export function requirementLines(text: string, file: string): RequirementList {
  const requirements: Requirement[] = []
  const lists: string[] = []
  const findings: Finding[] = []
  for (const { line, number } of logicalLines(text)) {
    const nested = /^(?:-r|--requirement)[\s=]+(\S+)$/.exec(line)?.[1]
    if (nested !== undefined) {
      lists.push(nested)
      continue
    }
    const read = requirementOf(line)
    if (typeof read === 'string') findings.push({ file, line: number, message: `${read}: ${clipped(line)}` })
    else requirements.push(read)
  }
  return { requirements, lists, findings }
}

/** One requirement; a text where it is not followed, saying what it is. */
export function requirementOf(line: string): Requirement | string {
  if (/^-(?:e|-editable)\b/.test(line)) return 'An editable install is not followed'
  if (/^(?:-c|--constraint)\b/.test(line)) return 'A list of constraints is not followed'
  if (line.startsWith('-')) return 'An option of the installer is not followed'
  if (/^(?:git|hg|svn|bzr)\+|@\s*(?:git|hg|svn|bzr)\+/i.test(line))
    return 'A requirement from version control is not followed'
  if (/@\s*file:|^file:|^\.{0,2}\/|^\.{1,2}$|\.(?:whl|tar\.gz|zip)\b/i.test(line))
    return 'A requirement from a path is not followed'
  if (/^https?:|@\s*https?:/i.test(line)) return 'A requirement from an address is not followed'
  const name = NAME.exec(line)?.[1]
  if (name === undefined) return 'No requirement that can be read'
  return { package: normalName(name), text: line.replace(/\s+--hash=\S+/g, '').trim() }
}

/** A package's name as the index compares it. */
export function normalName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-')
}

function logicalLines(text: string): readonly { readonly line: string; readonly number: number }[] {
  const found: { line: string; number: number }[] = []
  let begun: { text: string; number: number } | null = null
  for (const [at, raw] of text.split(/\r\n|\r|\n/).entries()) {
    const joined: string = (begun?.text ?? '') + raw
    const number: number = begun?.number ?? at + 1
    if (joined.endsWith('\\')) {
      begun = { text: joined.slice(0, -1), number }
      continue
    }
    begun = null
    const line = joined.replace(/(?:^|\s)#.*$/, '').trim()
    if (line !== '') found.push({ line, number })
  }
  return found
}

function clipped(text: string): string {
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text
}
