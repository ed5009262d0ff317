import { posix } from 'node:path'
import { isObject } from '@openenv-ts/core/host'
import { parse } from 'smol-toml'
import type { Source } from '../importer.ts'
import type { Finding } from '../source/finding.ts'
import { printable } from '@openenv-ts/core/host'
import type { SourceTree } from '../source/tree.ts'
import { normalName } from './pep508.ts'
import {
  listOf,
  requirementLines,
  type NotFollowed,
  type RequirementOrigin,
  type Requirement,
} from './requirement-lines.ts'
import { setupCall, setupConfig, type SetupNeeds } from './setup-files.ts'
import { parseSpecifier } from './specifier.ts'
import { uvSources } from './uv-sources.ts'

/** What a source says of itself in its project files. */
export interface Stated {
  /** What can be had from the package index by its name. */
  readonly requirements: readonly Requirement[]
  /** What the source has from elsewhere: it is neither installed nor looked up. */
  readonly notFollowed: readonly NotFollowed[]
  /** Versions of Python, as the source states them; null where it does not. */
  readonly requiresPython: string | null
  /** One line about the project; null where there is none. Of a stranger. */
  readonly description: string | null
  readonly findings: readonly Finding[]
}

const MOST_BYTES = 1024 * 1024
const LISTS = ['requirements.txt', 'requirements.in', 'requirements/base.txt']
const PROJECT_FILES = ['pyproject.toml', 'setup.cfg', 'setup.py', ...LISTS]

/**
 * Reads the project files nearest to a module: `pyproject.toml`, else `setup.cfg`, `setup.py` or a list of requirements.
 * Follows nothing that leads out of the source, and runs nothing.
 */
export function statedNeeds(source: Source, module: string): Stated {
  const { tree } = source
  const folder = projectFolder(tree, module)
  const reader: Reader = { source, folder, findings: [] }
  const project = { ...readSetup(reader), ...readProject(reader) }
  const lists = project.requirements === undefined ? readLists(reader) : null
  const listed = lists ?? {
    requirements: project.requirements?.requirements ?? [],
    notFollowed: project.requirements?.notFollowed ?? [],
  }
  const elsewhere = new Map(
    [...ownPackages(reader), ...(project.sources ?? []), ...listed.notFollowed].map((each) => [
      each.name,
      each,
    ]),
  )
  const notFollowed = new Set(listed.notFollowed)
  const requirements: Requirement[] = []
  for (const requirement of listed.requirements) {
    // A name that is not the index's may be anybody's there.
    const from = elsewhere.get(requirement.package)
    if (from === undefined) requirements.push(requirement)
    else notFollowed.add(from)
  }
  return {
    requirements,
    notFollowed: [...notFollowed].sort((one, other) => (one.requirement < other.requirement ? -1 : 1)),
    requiresPython: project.requiresPython ?? null,
    description: project.description ?? null,
    findings: reader.findings,
  }
}

/** The folder of the project that a module belongs to: the nearest one above it with a project file. `''` or ends in `/`. */
export function projectFolder(tree: SourceTree, module: string): string {
  for (let folder = folderOf(module); folder !== ''; folder = folderOf(folder.slice(0, -1)))
    if (PROJECT_FILES.some((name) => tree.has(folder + name))) return folder
  return ''
}

interface Reader {
  readonly source: Source
  readonly folder: string
  readonly findings: Finding[]
}

/** What project files say, without what they do not say. */
interface Project {
  readonly requirements?: ReturnType<typeof listOf>
  readonly sources?: readonly NotFollowed[]
  readonly requiresPython?: string
  readonly description?: string
}

function readProject(reader: Reader): Project {
  const file = `${reader.folder}pyproject.toml`
  const toml = readToml(reader, file)
  if (toml === null) return {}
  const { project, tool } = toml
  const report = (message: string): void => {
    reader.findings.push({ file, line: null, message })
  }
  const uv = isObject(tool) ? tool['uv'] : undefined
  const sources = isObject(uv) ? uvSources(uv, report) : []
  if (!isObject(project)) {
    if (isObject(tool) && isObject(tool['poetry']))
      report("Poetry's own dependencies are not read: state them under [project].")
    return { sources }
  }
  const { dependencies, 'requires-python': requires, description } = project
  const requirements = Array.isArray(dependencies)
    ? requirementsIn(reader, dependencies, (at) => ({
        file,
        line: null,
        entry: `dependencies, entry ${String(at)}`,
      }))
    : undefined
  return {
    sources,
    ...(requirements === undefined ? {} : { requirements }),
    ...pythonIn(reader, requires, file, 'requires-python'),
    ...(typeof description === 'string' && description.trim() !== ''
      ? { description: description.trim() }
      : {}),
  }
}

function readSetup(reader: Reader): Project {
  const { source, folder } = reader
  const stated: readonly (readonly [string, SetupNeeds | null])[] = [
    [`${folder}setup.cfg`, readConfig(reader, `${folder}setup.cfg`)],
    [`${folder}setup.py`, source.python.look(`${folder}setup.py`, setupCall)],
  ]
  const projects = stated.map(([file, needs]): Project => {
    if (needs === null) return {}
    for (const keyword of needs.computed) {
      const message = `${keyword} is computed, so it is not read: state it in pyproject.toml.`
      reader.findings.push({ file, line: null, message })
    }
    const { requirements, requiresPython, description } = needs
    return {
      ...(requirements === null
        ? {}
        : {
            requirements: requirementsIn(reader, requirements, (at) => ({
              file,
              line: null,
              entry: `install_requires, entry ${String(at)}`,
            })),
          }),
      ...pythonIn(reader, requiresPython ?? undefined, file, 'python_requires'),
      ...(description === null || description.trim() === '' ? {} : { description: description.trim() }),
    }
  })
  return Object.assign({}, ...projects) as Project
}

function readConfig(reader: Reader, file: string): SetupNeeds | null {
  const text = readText(reader, file)
  return text === null ? null : setupConfig(text)
}

function readLists(reader: Reader): Omit<ReturnType<typeof listOf>, 'findings'> {
  const { source, folder, findings } = reader
  const requirements: Requirement[] = []
  const notFollowed: NotFollowed[] = []
  const seen = new Set<string>()
  const pending = LISTS.map((path) => folder + path)
    .filter((path) => source.tree.has(path))
    .slice(0, 1)
  for (let path = pending.shift(); path !== undefined; path = pending.shift()) {
    if (seen.has(path)) continue
    seen.add(path)
    const text = readText(reader, path)
    if (text === null) continue
    const list = requirementLines(text, path)
    requirements.push(...list.requirements)
    notFollowed.push(...list.notFollowed)
    findings.push(...list.findings)
    for (const nested of list.lists) {
      const inside = posix.join(posix.dirname(path), nested)
      if (source.tree.has(inside)) pending.push(inside)
      else {
        const message = `A list of requirements that is not in the source is not followed: ${nested}`
        findings.push({ file: path, line: null, message })
      }
    }
  }
  return { requirements, notFollowed }
}

function requirementsIn(
  reader: Reader,
  entries: readonly unknown[],
  placeOf: (at: number) => RequirementOrigin,
): ReturnType<typeof listOf> {
  const texts = entries.map((each, at) => ({
    text: typeof each === 'string' ? each : JSON.stringify(each),
    place: placeOf(at + 1),
  }))
  const list = listOf(texts)
  reader.findings.push(...list.findings)
  return list
}

/** A specifier of Python versions, written anew; nothing where it is none, which is said. */
function pythonIn(
  { findings }: Reader,
  stated: unknown,
  file: string,
  name: string,
): { readonly requiresPython?: string } {
  if (stated === undefined) return {}
  try {
    if (typeof stated !== 'string') throw new Error('a text is expected')
    const requiresPython = parseSpecifier(stated)
    return requiresPython === '' ? {} : { requiresPython }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const text = printable(typeof stated === 'string' ? stated : JSON.stringify(stated))
    findings.push({
      file,
      line: null,
      message: `${name} is no version specifier, so it is not followed: ${why}: ${text}`,
    })
    return {}
  }
}

/** Packages that the tree itself defines, this project among them: their names on the index are somebody else's. */
function ownPackages(reader: Reader): readonly NotFollowed[] {
  const files = reader.source.tree.files.filter(({ path }) => posix.basename(path) === 'pyproject.toml')
  return files.slice(0, MOST_PROJECTS).flatMap(({ path }) => {
    const project = readToml({ ...reader, findings: [] }, path)?.['project']
    const name = isObject(project) ? project['name'] : undefined
    if (typeof name !== 'string') return []
    const place = printable(posix.dirname(path))
    return [
      {
        name: normalName(name),
        requirement: `${printable(name)} (a package of the source itself: ${place})`,
      },
    ]
  })
}

const MOST_PROJECTS = 500

function readToml(reader: Reader, file: string): Readonly<Record<string, unknown>> | null {
  const text = readText(reader, file)
  if (text === null) return null
  try {
    return parse(text)
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    reader.findings.push({ file, line: null, message: `It cannot be read: ${why}` })
    return null
  }
}

/** A file's text; null where there is none, or it cannot be read, which is said. */
function readText({ source, findings }: Reader, path: string): string | null {
  const { tree } = source
  if (!tree.has(path)) return null
  const report = (message: string): null => {
    findings.push({ file: path, line: null, message })
    return null
  }
  if ((tree.files.find((file) => file.path === path)?.bytes ?? 0) > MOST_BYTES)
    return report('It is too large to be a list of requirements.')
  try {
    return tree
      .read(path)
      .toString('utf8')
      .replace(/^\uFEFF/, '')
  } catch (error) {
    return report(`It cannot be read (${error instanceof Error ? error.message : String(error)}).`)
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}
