import type { Finding } from '../source/finding.ts'
import { printable } from '@openenv-ts/core/host'
import { normalName, parseRequirement, requirementText, type ParsedRequirement } from './pep508.ts'

/** A requirement that can be had from the package index. */
export interface Requirement {
  /** As the index compares names: lower case, with hyphens. */
  readonly package: string
  readonly parsed: ParsedRequirement
}

/** What a source has from elsewhere than the package index: it is not installed, nor looked up by its name. */
export interface NotFollowed {
  /** The package as the index compares names; null where the source does not name it. */
  readonly name: string | null
  /** What the source says of it, printable: `balrog @ git+https://…`. */
  readonly requirement: string
}

/** What a list of requirements holds. */
export interface RequirementList {
  readonly requirements: readonly Requirement[]
  readonly notFollowed: readonly NotFollowed[]
  /** Further lists that it names, as paths relative to it. */
  readonly lists: readonly string[]
  /** What is not followed, and what is no requirement [IM-21]. */
  readonly findings: readonly Finding[]
}

/** What one text of a list turned out to be. */
export type ReadRequirement = Requirement | { readonly why: string; readonly notFollowed?: NotFollowed }

const MOST_SHOWN = 80
/** What installers take for a file, even where it could be a name. */
const ARCHIVE = /\.(?:whl|zip|egg|tgz|tbz|txz|tar(?:\.(?:gz|bz2|xz|lzma|zst))?)$/i
const VERSION_CONTROL = /^(?:git|hg|svn|bzr)(?:\+|:)/i

/** Reads requirements in pip's format; `-r` names further lists, everything that leads away from the index is a finding. */
export function requirementLines(text: string, file: string): RequirementList {
  const lists: string[] = []
  const read: { readonly text: string; readonly place: RequirementOrigin }[] = []
  for (const { line, number } of logicalLines(text)) {
    const nested = /^(?:-r|--requirement)[\s=]+(\S+)$/.exec(line)?.[1]
    if (nested === undefined) read.push({ text: line, place: { file, line: number } })
    else lists.push(nested)
  }
  return { ...listOf(read), lists }
}

/** Where a requirement was read. */
export interface RequirementOrigin {
  readonly file: string
  readonly line: number | null
  /** Which entry, where a file has no lines to speak of: `dependencies, entry 2`. */
  readonly entry?: string
}

/** Reads requirements one by one, each with its place. */
export function listOf(
  texts: readonly { readonly text: string; readonly place: RequirementOrigin }[],
): Omit<RequirementList, 'lists'> {
  const requirements: Requirement[] = []
  const notFollowed: NotFollowed[] = []
  const findings: Finding[] = []
  for (const { text, place } of texts) {
    const read = requirementOf(text)
    if ('parsed' in read) {
      requirements.push(read)
      continue
    }
    if (read.notFollowed !== undefined) notFollowed.push(read.notFollowed)
    const entry = place.entry === undefined ? '' : `${place.entry}: `
    findings.push({ file: place.file, line: place.line, message: `${entry}${read.why}: ${clipped(text)}` })
  }
  return { requirements, notFollowed, findings }
}

/** One requirement, by its whole text. */
export function requirementOf(text: string): ReadRequirement {
  const line = withoutBlanks(
    withoutBlanks(text).replaceAll(/[ \t]--hash=[A-Za-z0-9]+:[A-Za-z0-9]+(?=[ \t]|$)/g, ''),
  )
  const notFollowed: NotFollowed = { name: eggName(line), requirement: printable(line) }
  if (/^(?:-e\b|--editable\b)/.test(line)) return { why: 'An editable install is not followed', notFollowed }
  if (/^(?:-c\b|--constraint\b)/.test(line)) return { why: 'A list of constraints is not followed' }
  if (line.startsWith('-')) return { why: 'An option of the installer is not followed' }
  if (VERSION_CONTROL.test(line) || /^https?:/i.test(line)) return { why: whyNot(line), notFollowed }
  if (/^(?:file:|[./~])/i.test(line) || ARCHIVE.test(line)) return { why: whyNot(line), notFollowed }
  let parsed: ParsedRequirement
  try {
    parsed = parseRequirement(line)
  } catch (error) {
    return { why: `It is no requirement: ${error instanceof Error ? error.message : String(error)}` }
  }
  const name = normalName(parsed.name)
  if (parsed.url === null) return { package: name, parsed }
  return { why: whyNot(parsed.url), notFollowed: { name, requirement: printable(requirementText(parsed)) } }
}

/** The name in `…#egg=name`, an old way to say which package an address holds. */
function eggName(line: string): string | null {
  const name = /[#&]egg=([A-Za-z0-9._-]+)/.exec(line)?.[1]
  return name === undefined ? null : normalName(name)
}

/** A requirement as a list of ours has it. */
export function lineOf({ parsed }: Requirement): string {
  return requirementText(parsed)
}

function whyNot(url: string): string {
  if (VERSION_CONTROL.test(url)) return 'A requirement from version control is not followed'
  return /^https?:/i.test(url)
    ? 'A requirement from an address is not followed'
    : 'A requirement from a path is not followed'
}

function logicalLines(text: string): readonly { readonly line: string; readonly number: number }[] {
  const found: { line: string; number: number }[] = []
  // Parts are joined once: a text that grew with each of them would be copied as often.
  let parts: string[] = []
  const lines = text.split(/\r\n|\r|\n/)
  for (const [at, raw] of lines.entries()) {
    const goesOn = raw.endsWith('\\')
    parts.push(goesOn ? raw.slice(0, -1) : raw)
    if (goesOn && at + 1 < lines.length) continue
    found.push({ line: withoutComment(parts.join('')), number: at + 2 - parts.length })
    parts = []
  }
  return found.filter(({ line }) => line !== '')
}

/** Blanks are those of ASCII: another character is for the grammar to refuse. */
function withoutComment(text: string): string {
  return withoutBlanks(text.replace(/(?:^|[ \t])#.*$/s, ''))
}

/** A text without the blanks at its ends. A pattern for those at the end would be tried at every blank inside, too. */
function withoutBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text[start])) start += 1
  while (start < end && isBlank(text[end - 1])) end -= 1
  return text.slice(start, end)
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}

function clipped(text: string): string {
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text
}
