import type { Source } from '../importer.ts'
import type { PythonModule } from '../python/project.ts'

const SECRET = /\bsecrets(?:\.get\(|\[)\s*(['"])([A-Za-z_]\w{0,100})\1/g
const VARIABLE =
  /\b(?:os\.)?(?:environ(?:\.get\(|\[|\.setdefault\()|getenv\()\s*(['"])([A-Za-z_]\w{0,100})\1/g

/** Names of the secrets that modules ask for: `secrets["NAME"]`, `self.secrets.get("NAME")`. Sorted. */
export function secretNames(source: Source, modules: readonly PythonModule[]): readonly string[] {
  return namesIn(source, modules, SECRET)
}

/** Names of the environment variables that modules read. Sorted. */
export function variableNames(source: Source, modules: readonly PythonModule[]): readonly string[] {
  return namesIn(source, modules, VARIABLE)
}

function namesIn({ tree }: Source, modules: readonly PythonModule[], pattern: RegExp): readonly string[] {
  const found = modules.flatMap(({ file }) =>
    Array.from(tree.read(file).toString('utf8').matchAll(pattern), ([, , name = '']) => name),
  )
  return [...new Set(found)].filter((name) => name !== '').sort()
}
