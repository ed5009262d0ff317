// Detects the environments of a folder and prints how many there are: what detection.ts times as a whole process.
import { builtInRegistry, readSource } from '@openenv-ts/importer'

const [, , folder = '.'] = process.argv
const source = await readSource(folder)
let found = 0
for (const importer of builtInRegistry().importers)
  found += (await importer.detect(source)).entryPoints.length
console.log(found)
