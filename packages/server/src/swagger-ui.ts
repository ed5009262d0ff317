import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { ReadApiPage } from './routes/docs.ts'

/**
 * Reads Swagger UI from the optional package `swagger-ui-dist`, found at the first request for it.
 *
 * @param from - The module that the package is looked up from.
 */
export function installedApiPage(from: string | URL = import.meta.url): ReadApiPage {
  const { resolve } = createRequire(from)
  return async (file) => {
    let manifest: string
    try {
      manifest = resolve('swagger-ui-dist/package.json')
    } catch {
      return undefined
    }
    return readFile(join(dirname(manifest), file))
  }
}
