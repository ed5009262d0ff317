import { posix } from 'node:path'
import { parse } from 'smol-toml'
import { isObject } from '@openenv-ts/core'
import type { Finding } from '../source/finding.ts'
import type { SourceTree } from '../source/tree.ts'
import { requirementLines, requirementOf, type Requirement } from './requirement-lines.ts'

/** What a source says of itself in its project files. */
export interface Stated {
  readonly requirements: readonly Requirement[]
  /** Versions of Python, as the source states them; null where it does not. */
  readonly requiresPython: string | null
  /** One line about the project; null where there is none. */
  readonly description: string | null
  readonly findings: readonly Finding[]
}

const MOST_BYTES = 1024 * 1024
const LISTS = ['requirements.txt', 'requirements.in', 'requirements/base.txt']

/** Reads `pyproject.toml`, else the lists of requirements, at the source's root. Follows nothing that leads out of it. */
export function statedNeeds(tree: SourceTree): Stated {
  const findings: Finding[] = []
  const project = readProject(tree, findings)
  const requirements: Requirement[] = [...project.requirements]
  if (!project.listed) {
    const seen = new Set<string>()
    const pending = LISTS.filter((path) => tree.files.some((file) => file.path === path)).slice(0, 1)
    for (let path = pending.shift(); path !== undefined; path = pending.shift()) {
      if (seen.has(path)) continue
      seen.add(path)
      const text = readText(tree, path, findings)
      if (text === null) continue
      const list = requirementLines(text, path)
      requirements.push(...list.requirements)
      findings.push(...list.findings)
      for (const nested of list.lists) {
        const inside = posix.join(posix.dirname(path), nested)
        if (inside.startsWith('..') || !tree.files.some((file) => file.path === inside)) {
          findings.push({
            file: path,
            line: null,
            message: `A list of requirements that is not in the source is not followed: ${nested}`,
          })
        } else pending.push(inside)
      }
    }
  }
  return { requirements, requiresPython: project.requiresPython, description: project.description, findings }
}

interface Project {
  readonly requirements: readonly Requirement[]
  /** Whether the project file lists what is needed, be it nothing. */
  readonly listed: boolean
  readonly requiresPython: string | null
  readonly description: string | null
}

function readProject(tree: SourceTree, findings: Finding[]): Project {
  const file = 'pyproject.toml'
  const none: Project = { requirements: [], listed: false, requiresPython: null, description: null }
  if (!tree.files.some(({ path }) => path === file)) return none
  const text = readText(tree, file, findings)
  if (text === null) return none
  let parsed: unknown
  try {
    parsed = parse(text)
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    findings.push({ file, line: null, message: `It cannot be read: ${why}` })
    return none
  }
  const { project, tool } = isObject(parsed) ? parsed : {}
  if (isObject(tool) && isObject(tool['poetry']) && !isObject(project)) {
    findings.push({
      file,
      line: null,
      message: "Poetry's own dependencies are not read: state them under [project].",
    })
  }
  if (isObject(tool) && isObject(tool['uv']) && isObject(tool['uv']['sources'])) {
    for (const name of Object.keys(tool['uv']['sources'])) {
      findings.push({ file, line: null, message: `A source of a requirement is not followed: ${name}` })
    }
  }
  if (!isObject(project)) return none
  const { dependencies, 'requires-python': requiresPython, description } = project
  const requirements: Requirement[] = []
  for (const each of Array.isArray(dependencies) ? dependencies : []) {
    const read = typeof each === 'string' ? requirementOf(each.trim()) : 'No requirement that can be read'
    if (typeof read === 'string')
      findings.push({ file, line: null, message: `${read}: ${String(each).slice(0, 80)}` })
    else requirements.push(read)
  }
  return {
    requirements,
    listed: Array.isArray(dependencies),
    requiresPython: typeof requiresPython === 'string' ? requiresPython.replaceAll(/\s+/g, '') : null,
    description: typeof description === 'string' && description.trim() !== '' ? description.trim() : null,
  }
}

function readText(tree: SourceTree, path: string, findings: Finding[]): string | null {
  const size = tree.files.find((file) => file.path === path)?.bytes ?? 0
  if (size > MOST_BYTES) {
    findings.push({ file: path, line: null, message: 'It is too large to be a list of requirements.' })
    return null
  }
  try {
    return tree
      .read(path)
      .toString('utf8')
      .replace(/^\uFEFF/, '')
  } catch (error) {
    findings.push({
      file: path,
      line: null,
      message: `It cannot be read (${error instanceof Error ? error.message : String(error)}).`,
    })
    return null
  }
}
