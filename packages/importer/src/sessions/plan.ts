import type { Source, SessionPlan } from '../importer.ts'
import type { PythonModule } from '../python/project.ts'
import type { Finding } from '../source/finding.ts'
import { stateIn } from './state.ts'

/** As much as a person reads; the first places say what kind of source it is. */
const MOST_WHY = 20

/**
 * Decides how many sessions one process of a source may hold, from where its code keeps what changes [IM-13].
 *
 * @param shared - What the names of base classes end in whose instances all sessions share.
 */
export function sessionPlan(
  source: Source,
  modules: readonly PythonModule[],
  { shared }: { readonly shared: readonly string[] },
): SessionPlan {
  const why: Finding[] = []
  for (const { file, scope } of modules) {
    const names = new Set(
      scope.bindings.flatMap(({ name, meaning }) =>
        meaning.kind === 'other' || meaning.kind === 'alias' || meaning.kind === 'class' ? [name] : [],
      ),
    )
    const found = source.python.look(file, (root) => stateIn(root, { names, shared })) ?? []
    why.push(...found.map(({ line, message }) => ({ file, line, message })))
  }
  why.sort((one, other) =>
    one.file === other.file ? (one.line ?? 0) - (other.line ?? 0) : one.file < other.file ? -1 : 1,
  )
  return { mode: why.length === 0 ? 'shared' : 'process', why: why.slice(0, MOST_WHY) }
}
