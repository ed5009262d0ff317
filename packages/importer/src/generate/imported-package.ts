import { escapeControls } from '@openenv-ts/core/host'
import { packageFiles, type FileContent } from '@openenv-ts/scaffold'
import type { Detection, EntryPoint, EnvironmentImporter, GeneratedEnvironment } from '../importer.ts'
import { LOCK_FILE, lockText } from '../lock.ts'
import { oldestPython, type Resolution } from '../resolve-requirements.ts'
import type { Finding } from '../source/finding.ts'
import type { LeftOut } from '../source/left-out.ts'
import { sha256, type VendoredSource } from '../vendor.ts'
import { FIRST_VERSION, REQUIREMENTS } from './python-wrapper.ts'
import { readme } from './readme.ts'
import { testFile } from './test-file.ts'

/** Everything that an imported package is made of. */
export interface PackageParts {
  readonly name: string
  readonly importer: Pick<EnvironmentImporter, 'sourceType' | 'version'>
  readonly entryPoint: EntryPoint
  readonly generated: GeneratedEnvironment
  readonly vendored: VendoredSource
  readonly commit: string | null
  readonly bases: Detection['bases']
  readonly excluded: readonly LeftOut[]
  readonly findings: readonly Finding[]
  /** Null where nothing was resolved. */
  readonly resolution: Resolution | null
}

/** The files of an imported package, by path: the generated ones first, then the source. Pure. */
export function importedPackage(parts: PackageParts): ReadonlyMap<string, FileContent> {
  const generated = generatedFiles(parts)
  const resolved = parts.generated.python === undefined ? [] : [resolvedFile(parts)]
  return new Map<string, FileContent>([
    ...generated,
    ...resolved,
    // What others wrote stands in it as they wrote it, but for what acts on a terminal or an editor; JSON reads it alike.
    [LOCK_FILE, escapeControls(lockOf(parts, generated, new Map(resolved)))],
    ...parts.vendored.files,
  ])
}

/** What follows from the source alone. */
function generatedFiles(parts: PackageParts): ReadonlyMap<string, string> {
  const { name, importer, entryPoint, generated, vendored } = parts
  const { description, dependencies, python, wrapper } = generated
  const sourceType = importer.sourceType
  const files = new Map([
    ...packageFiles({
      name,
      description,
      version: FIRST_VERSION,
      dependencies,
      contents: [...(python === undefined ? [] : ['python']), 'vendor', LOCK_FILE],
      ...(python === undefined ? {} : { python: oldestPython(python.requires) }),
    }),
    ['README.md', readme({ name, sourceType, entryPoint, generated, vendored: vendored.path })],
    ['src/index.ts', wrapper],
    ['src/index.test.ts', testFile(name)],
    ...(python === undefined ? [] : ([[REQUIREMENTS.stated, lines(python.requirements)]] as const)),
  ])
  return new Map([...files].map(([path, text]) => [path, escapeControls(text)]))
}

function resolvedFile({ generated, resolution }: PackageParts): readonly [string, string] {
  const text =
    resolution === null
      ? `# Not resolved: what ${REQUIREMENTS.stated} says.\n${lines(generated.python?.requirements ?? [])}`
      : `# ${REQUIREMENTS.stated}, resolved for every platform; the versions are those that the index gave at the import.\n${resolution.text}`
  return [REQUIREMENTS.resolved, escapeControls(text)]
}

function lockOf(
  parts: PackageParts,
  files: ReadonlyMap<string, string>,
  resolved: ReadonlyMap<string, string>,
): string {
  const { name, importer, entryPoint, generated, vendored, commit, excluded, findings, resolution } = parts
  const requirements = resolved.get(REQUIREMENTS.resolved)
  return lockText({
    name,
    source: {
      tree: vendored.hash,
      files: vendored.files.size,
      bytes: vendored.bytes,
      commit,
      vendored: vendored.path,
    },
    importer: { type: importer.sourceType, version: importer.version },
    entry_point: entryPoint,
    bases: parts.bases,
    sessions: generated.sessions,
    secrets: generated.secrets,
    variables: generated.variables ?? { passed: [], held: [], refused: [] },
    python: generated.python ?? null,
    not_followed: generated.python?.notFollowed ?? [],
    excluded,
    findings,
    generated: Object.fromEntries([...files].map(([path, text]) => [path, sha256(text)])),
    copied: Object.fromEntries(vendored.hashes),
    resolved: resolution?.versions ?? null,
    needs_build: resolution?.needsBuild ?? [],
    ...(requirements === undefined
      ? {}
      : { resolved_sha256: resolution?.recordedHash ?? sha256(requirements) }),
  })
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('')
}
