import { isObject } from '@openenv-ts/core/host'
import { printable } from '@openenv-ts/core/host'
import { normalName } from './pep508.ts'
import type { NotFollowed } from './requirement-lines.ts'

/**
 * Packages that `[tool.uv.sources]` has from elsewhere than the package index. On the index their names may be anybody's,
 * so they are never looked up there.
 *
 * @param report - Told what else of `[tool.uv]` is not followed.
 */
export function uvSources(
  uv: Readonly<Record<string, unknown>>,
  report: (message: string) => void,
): readonly NotFollowed[] {
  const { sources, index, 'index-url': url, 'extra-index-url': extra, 'find-links': links } = uv
  if ([index, url, extra, links].some((each) => each !== undefined)) {
    report(
      'Its package indexes are not followed: what stands there alone is not found, or found under the same name on the index that is used here.',
    )
  }
  if (!isObject(sources)) return []
  return Object.entries(sources).map(([name, source]) => {
    const from = placeOf(Array.isArray(source) ? source.find(isObject) : source)
    report(`A source of a requirement is not followed: ${name} from ${from}`)
    return { name: normalName(name), requirement: `${printable(name)} @ ${from}` }
  })
}

function placeOf(source: unknown): string {
  if (!isObject(source)) return 'elsewhere'
  const { git, url, path, workspace, index, rev, tag, branch, subdirectory } = source
  const at = [rev, tag, branch].find((each) => typeof each === 'string')
  if (typeof git === 'string') {
    const inside = typeof subdirectory === 'string' ? `#subdirectory=${subdirectory}` : ''
    return printable(`git+${git}${typeof at === 'string' ? `@${at}` : ''}${inside}`)
  }
  if (typeof url === 'string') return printable(url)
  if (typeof path === 'string') return printable(`the path ${path}`)
  if (workspace === true) return 'its workspace'
  return typeof index === 'string' ? printable(`the index ${index}`) : 'elsewhere'
}
