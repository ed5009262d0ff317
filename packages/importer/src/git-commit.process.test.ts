import { execFileSync } from 'node:child_process'
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder } from '../test/folder.ts'
import { commitOf } from './git-commit.ts'

const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false']

function git(cwd: string, ...args: readonly string[]): string {
  return execFileSync('git', [...identity, ...args], { cwd, encoding: 'utf8' }).trim()
}

function checkout(path: string): string {
  git(path, 'init', '--quiet', '--initial-branch', 'main')
  git(path, 'add', '.')
  git(path, 'commit', '--quiet', '--message', 'first')
  return git(path, 'rev-parse', 'HEAD')
}

describe('commitOf', () => {
  it('is what git says, for a branch, packed branches, a detached head and a worktree [IM-10]', () => {
    using place = folder({ 'a.py': '' })
    using other = folder()
    const commit = checkout(place.path)
    expect(commitOf(place.path)).toBe(commit)
    git(place.path, 'pack-refs', '--all')
    expect(commitOf(place.path)).toBe(commit)
    git(place.path, 'checkout', '--quiet', '--detach')
    expect(commitOf(place.path)).toBe(commit)
    const worktree = join(other.path, 'tree')
    git(place.path, 'worktree', 'add', '--quiet', '-b', 'side', worktree)
    expect(commitOf(worktree)).toBe(commit)
  })

  it('is null without git, before the first commit, and for files that are not git [IM-10]', () => {
    using none = folder({ 'a.py': '' })
    expect(commitOf(none.path)).toBeNull()
    git(none.path, 'init', '--quiet')
    expect(commitOf(none.path)).toBeNull()
    using strange = folder({ '.git/HEAD': 'ref: refs/../../../../etc/passwd\n' })
    expect(commitOf(strange.path)).toBeNull()
    using broken = folder({ '.git': 'gitdir: nowhere\n' })
    expect(commitOf(broken.path)).toBeNull()
  })

  it('does not run what a repository configures', () => {
    using place = folder({ 'a.py': '' })
    const commit = checkout(place.path)
    git(place.path, 'config', 'core.fsmonitor', 'touch ran')
    git(place.path, 'config', 'core.pager', 'touch ran')
    expect(commitOf(place.path)).toBe(commit)
    renameSync(join(place.path, '.git'), join(place.path, 'moved'))
    expect(commitOf(place.path)).toBeNull()
    rmSync(join(place.path, 'moved'), { recursive: true })
  })
})
