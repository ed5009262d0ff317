import type { ModuleRef } from './module.ts'

/** Where imports of a source's own modules are looked up. Directories are `''` or end in `/`. */
export interface ModulePaths {
  /** The name by which a file is imported: relative to `src/` where the source keeps its packages there. */
  nameOf(file: string): string
  /** The file of a module or package that the source itself defines; null where it defines none of that name. */
  find(module: ModuleRef, from: string): string | null
  /** Whether a module's name means the source's own when this file imports it, even if it has no such module. */
  shadows(module: ModuleRef, from: string): boolean
}

/**
 * Finds modules among a source's files as Python does with the source's root, or its `src/`, on the path.
 *
 * A folder without `__init__.py` holds modules but stands behind an installed package of its name, as in Python.
 */
export function modulePaths(files: ReadonlySet<string>): ModulePaths {
  const packagesInSrc = !files.has('src/__init__.py') && [...files].some((file) => file.startsWith('src/'))
  const roots = packagesInSrc ? ['src/', ''] : ['']
  const fileAt = (base: string): string | null => {
    if (files.has(`${base}/__init__.py`)) return `${base}/__init__.py`
    return files.has(`${base}.py`) ? `${base}.py` : null
  }
  const packageOf = (from: string, level: number): string | null => {
    let folder = folderOf(from)
    for (let up = 1; up < level; up += 1) {
      if (folder === '') return null
      folder = folderOf(folder.slice(0, -1))
    }
    return folder
  }
  return {
    nameOf: (file) => {
      const inRoot = roots.find((root) => file.startsWith(root)) ?? ''
      const name = file.slice(inRoot.length, -'.py'.length).replaceAll('/', '.')
      return name.endsWith('.__init__') ? name.slice(0, -'.__init__'.length) : name
    },
    find: ({ level, path }, from) => {
      if (level > 0) {
        const folder = packageOf(from, level)
        if (folder === null) return null
        if (path.length > 0) return fileAt(folder + path.join('/'))
        return files.has(`${folder}__init__.py`) ? `${folder}__init__.py` : null
      }
      if (path.length === 0) return null
      // A script's own folder comes last: only where it is run as one is it on the path.
      for (const root of [...roots, folderOf(from)]) {
        const file = fileAt(root + path.join('/'))
        if (file !== null) return file
      }
      return null
    },
    shadows: ({ level, path: [head, ...rest] }, from) => {
      if (level > 0 || head === undefined) return level > 0
      if (roots.some((root) => fileAt(root + head) !== null)) return true
      // A folder of loose modules: the source's own only as far as it really has the module.
      return (
        rest.length > 0 &&
        roots.some((root) => fileAt(root + [head, ...rest].join('/')) !== null && from !== '')
      )
    },
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}
