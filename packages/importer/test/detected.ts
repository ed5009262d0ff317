import type { Detection, EnvironmentImporter } from '../src/importer.ts'
import { readSource } from '../src/import.ts'
import { folder } from './folder.ts'

/** What an importer sees in these files. */
export async function detected(
  importer: EnvironmentImporter,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<Detection & { readonly names: readonly string[] }> {
  using place = folder(files)
  const source = await readSource(place.path)
  const detection = await importer.detect(source)
  return { ...detection, names: detection.entryPoints.map(({ module, name }) => `${module}:${name}`) }
}
