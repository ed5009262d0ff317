import type { EnvironmentImporter } from './importer.ts'
import { orsImporter } from './importers/ors.ts'
import { verifiersImporter } from './importers/verifiers.ts'

/** The importers that there are, one for each type of source. */
export class ImporterRegistry {
  readonly #byType = new Map<string, EnvironmentImporter>()

  constructor(importers: readonly EnvironmentImporter[] = []) {
    for (const importer of importers) this.register(importer)
  }

  /**
   * Adds an importer.
   *
   * @throws RangeError when there is one for its type, or the type is no name.
   */
  register(importer: EnvironmentImporter): this {
    const { sourceType } = importer
    if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(sourceType)) {
      throw new RangeError(
        `${JSON.stringify(sourceType)} is no type: use lower-case words joined by hyphens.`,
      )
    }
    if (this.#byType.has(sourceType))
      throw new RangeError(`There is an importer for the type "${sourceType}" already.`)
    this.#byType.set(sourceType, importer)
    return this
  }

  /** In the order in which they were registered. */
  get importers(): readonly EnvironmentImporter[] {
    return [...this.#byType.values()]
  }
}

/** A registry of the importers that come with this package. */
export function builtInRegistry(): ImporterRegistry {
  return new ImporterRegistry([orsImporter, verifiersImporter])
}
