import type { Detection, EnvironmentImporter, Source } from '../src/importer.ts'
import { openProject } from '../src/python/project.ts'
import { readTree } from '../src/source/tree.ts'
import { folder } from './folder.ts'

/** A folder as importers see it. */
export async function sourceAt(path: string): Promise<Source> {
  const tree = readTree(path)
  return { tree, python: await openProject(tree) }
}

/** What an importer sees in these files. */
export async function detected(
  importer: EnvironmentImporter,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<Detection & { readonly names: readonly string[] }> {
  using place = folder(files)
  const source = await sourceAt(place.path)
  const detection = await importer.detect(source)
  return { ...detection, names: detection.entryPoints.map(({ module, name }) => `${module}:${name}`) }
}
