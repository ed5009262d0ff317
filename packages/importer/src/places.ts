import { existsSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { checkDestination, checkName } from '@openenv-ts/scaffold'
import { ImportRefusal } from './refusal.ts'

/** Where an import reads and where it writes. */
export interface Places {
  /** Absolute, links resolved. */
  readonly source: string
  /** The folder of the package: `DIR/NAME`, absolute. */
  readonly destination: string
}

/**
 * Checks name, source and destination, in this order [IM-2].
 *
 * @param wants - Whether the destination is to be made, or has to be there.
 * @throws ImportRefusal
 */
export function checkPlaces(
  { name, source, outputDir }: { readonly name: string; readonly source: string; readonly outputDir: string },
  wants: 'new' | 'existing',
): Places {
  const fault = checkName(name)
  if (fault !== null) throw new ImportRefusal('INVALID_NAME', fault)
  const from = sourceFolder(source)
  const destination = join(resolve(outputDir), name)
  if (isWithin(from, real(destination))) {
    throw new ImportRefusal(
      'OUTPUT_IN_SOURCE',
      `${destination} is inside the source: give an --output-dir outside of ${source}.`,
    )
  }
  if (wants === 'new') {
    const taken = checkDestination(destination)
    if (taken !== null) throw new ImportRefusal('DESTINATION_TAKEN', taken)
  }
  return { source: from, destination }
}

function sourceFolder(source: string): string {
  const refuse = (message: string): never => {
    throw new ImportRefusal('NO_SOURCE', message)
  }
  if (/^[a-z][a-z0-9+.-]+:\/\/|^git@/i.test(source)) {
    return refuse(`${source} is no local folder: clone it first, and give the folder.`)
  }
  if (source === '' || !existsSync(source))
    return refuse(`There is no folder ${JSON.stringify(source)}: check the path.`)
  if (!statSync(source).isDirectory())
    return refuse(`${source} is no folder: give the root of the source tree.`)
  return realpathSync(source)
}

/** A path with links resolved, as far as it exists. */
function real(path: string): string {
  if (existsSync(path)) return realpathSync(path)
  const parent = dirname(path)
  return parent === path ? path : join(real(parent), basename(path))
}

function isWithin(folder: string, path: string): boolean {
  const between = relative(folder, path)
  return between === '' || (between !== '..' && !between.startsWith(`..${sep}`) && !between.startsWith(sep))
}
