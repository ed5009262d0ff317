import type { NotFollowed } from './requirements/requirement-lines.ts'
import type { VariablePlan } from './sessions/variables.ts'
import type { Finding } from './source/finding.ts'
import type { SourceTree } from './source/tree.ts'
import type { PythonProject } from './python/project.ts'

/** A source tree, read and never run. */
export interface Source {
  readonly tree: SourceTree
  /** Its Python, parsed when asked for. */
  readonly python: PythonProject
}

/** Something in a source that can be an environment. */
export interface EntryPoint {
  /** As it is imported with the source's root, or its `src/`, on the path. */
  readonly module: string
  /** A class or a function of that module. */
  readonly name: string
  /** Relative to the source. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** Which kind the importer means, for example `ors`, `verifiers` or `verifiers-v1`. */
  readonly kind: string
}

/** What an importer sees in a source. */
export interface Detection {
  readonly entryPoints: readonly EntryPoint[]
  /** Classes that others inherit from, or that lack what an environment needs; `--env-class` takes them all the same. */
  readonly bases: readonly (EntryPoint & { readonly why: string })[]
  readonly findings: readonly Finding[]
}

/** How many sessions one Python process of the source may hold, and what that was read off [IM-13]. */
export interface SessionPlan {
  /**
   * `shared`: state is on the episode's own object, so one process runs many. `process`: there is state in modules, so
   * each session gets a process of its own. `single`: there is state on disk or elsewhere outside, one session at a time.
   */
  readonly mode: 'shared' | 'process' | 'single'
  /** What was found, each with its place. */
  readonly why: readonly Finding[]
}

/** What of Python a generated package needs. */
export interface PythonNeeds {
  /** A version specifier: `>=3.11,<3.14`. */
  readonly requires: string
  /** Requirements as the source states them with the library's bounds added, one a line, sorted. */
  readonly requirements: readonly string[]
  /** What the source has from elsewhere than the package index, so that it is neither looked up nor installed. */
  readonly notFollowed?: readonly NotFollowed[]
}

/** What an importer makes of an entry point: everything that is particular about the package. */
export interface GeneratedEnvironment {
  /** One sentence, from the source's own words where it has any. */
  readonly description: string
  /** The text of `src/index.ts`: short TypeScript that default-exports the environment. */
  readonly wrapper: string
  /** Absent where the package needs no Python. */
  readonly python?: PythonNeeds
  /** npm packages that the wrapper imports, with their versions. */
  readonly dependencies: Readonly<Record<string, string>>
  readonly sessions: SessionPlan
  /** Names of secrets that the source asks for. */
  readonly secrets: readonly string[]
  /** The environment variables that the source reads, and which of them the wrapper passes on; none when not given. */
  readonly variables?: VariablePlan
  /** Arguments that the entry point needs and nobody has given yet; none when not given. */
  readonly requiredArguments?: readonly string[]
  /** Paragraphs of Markdown for the package's README: what this kind of environment does, and what it cannot do. */
  readonly notes: readonly string[]
  /** Requirements that are not followed, and the like: reported, never fatal. */
  readonly findings: readonly Finding[]
}

/** One kind of source that can become an environment package. Reads; never runs. */
export interface EnvironmentImporter {
  /** What `--type` calls it: lower-case words joined by hyphens. */
  readonly sourceType: string
  /** Its version, for the lock file. */
  readonly version: string
  detect(source: Source): Promise<Detection>
  /**
   * Plans the package.
   *
   * @param name - Of the package. @param vendored - Where the source lies in the package: `vendor/…`.
   * @throws OpenEnvError VALIDATION_ERROR when the entry point cannot be imported, saying why.
   */
  generate(
    source: Source,
    entryPoint: EntryPoint,
    request: { readonly name: string; readonly vendored: string },
  ): Promise<GeneratedEnvironment>
}
