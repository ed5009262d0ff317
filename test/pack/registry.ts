import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A package as `npm pack --json` describes it. */
export interface PackedPackage {
  readonly name: string
  readonly version: string
  readonly filename: string
}

/** An npm registry on loopback: it has the given tarballs, and sends who asks for another package on to the machine's own. */
export interface Registry extends AsyncDisposable {
  readonly url: string
}

/** Starts a registry. */
export async function startRegistry(folder: string, packages: readonly PackedPackage[]): Promise<Registry> {
  const { stdout } = await run('npm', ['config', 'get', 'registry'])
  const elsewhere = stdout.trim().replace(/\/$/, '')
  const byName = new Map(packages.map((each) => [each.name, each]))
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '/').slice(1))
    const answer = async (): Promise<void> => {
      const tarball = packages.find(({ filename }) => path === `-/${basename(filename)}`)
      if (tarball !== undefined) {
        response.writeHead(200, { 'content-type': 'application/octet-stream' })
        response.end(await readFile(join(folder, tarball.filename)))
        return
      }
      const known = byName.get(path)
      if (known === undefined) {
        response.writeHead(307, { location: elsewhere + (request.url ?? '') }).end()
        return
      }
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(await described(known)))
    }
    answer().catch((error: unknown) => {
      response.writeHead(500).end(String(error))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`

  /** What a registry says of a package: its manifest, and where its one version is. */
  async function described({ name, version, filename }: PackedPackage): Promise<object> {
    const bytes = await readFile(join(folder, filename))
    const { stdout: text } = await run('tar', ['-xzOf', join(folder, filename), 'package/package.json'])
    const dist = {
      tarball: `${url}/-/${basename(filename)}`,
      integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
    }
    const manifest = { ...(JSON.parse(text) as object), dist }
    return { name, 'dist-tags': { latest: version }, versions: { [version]: manifest } }
  }

  return {
    url,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => {
          resolve()
        })
      }),
  }
}
