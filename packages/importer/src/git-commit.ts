import { lstatSync, readFileSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'

const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/

/**
 * The commit that is checked out in a folder that is the root of a git checkout; null where there is none. Read off
 * git's files: git itself would obey the configuration of a repository that nobody has looked at yet.
 */
export function commitOf(root: string): string | null {
  const folder = gitFolder(root)
  const head = folder === null ? null : firstLine(join(folder, 'HEAD'))
  if (folder === null || head === null) return null
  if (COMMIT.test(head)) return head
  const ref = /^ref: (refs\/[\w./-]+)$/.exec(head)?.[1]
  if (ref === undefined || ref.includes('..')) return null
  // A worktree has its own HEAD, and its branches where all worktrees have them.
  const common = firstLine(join(folder, 'commondir'))
  const places = [folder, ...(common === null ? [] : [resolve(folder, common)])]
  for (const place of places) {
    const commit = firstLine(join(place, ref)) ?? packed(place, ref)
    if (commit !== null && COMMIT.test(commit)) return commit
  }
  return null
}

function gitFolder(root: string): string | null {
  const path = join(root, '.git')
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats?.isDirectory() === true) return path
  const elsewhere = stats?.isFile() === true ? /^gitdir: (.+)$/.exec(firstLine(path) ?? '')?.[1] : undefined
  if (elsewhere === undefined) return null
  return isAbsolute(elsewhere) ? elsewhere : join(root, elsewhere)
}

function packed(folder: string, ref: string): string | null {
  const line = textOf(join(folder, 'packed-refs'))
    ?.split('\n')
    .find((each) => each.endsWith(` ${ref}`))
  return line?.split(' ')[0] ?? null
}

function firstLine(file: string): string | null {
  return textOf(file)?.split('\n')[0]?.trim() ?? null
}

function textOf(file: string): string | null {
  try {
    return lstatSync(file).isFile() ? readFileSync(file, 'utf8') : null
  } catch {
    return null
  }
}
