import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A folder with these files, deleted when it is disposed. */
export function folder(
  files: Readonly<Record<string, string | Uint8Array>> = {},
): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'openenv-importer-'))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), content)
  }
  return {
    path,
    [Symbol.dispose]() {
      rmSync(path, { recursive: true, force: true })
    },
  }
}
