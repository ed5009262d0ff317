import { join, relative, resolve } from 'node:path'
import { checkDestination, checkName, templatePackage, writePackage } from '@openenv-ts/scaffold'
import { UsageError } from './failure.ts'
import { listenForInterrupt } from './interrupt.ts'
import { shellLine } from './shell-line.ts'
import { print } from './terminal.ts'

/** Writes a new environment package and says what to do with it. */
export async function init(name: string, { outputDir }: { readonly outputDir: string }): Promise<void> {
  const place = join(resolve(outputDir), name)
  const fault = checkName(name) ?? checkDestination(place)
  if (fault !== null) throw new UsageError(fault)
  const files = templatePackage(name)
  using interrupt = listenForInterrupt('Stopping; nothing is left behind.')
  await writePackage(files, place, interrupt.signal)
  const here = relative(process.cwd(), place)
  const shown = here.startsWith('..') ? place : `./${here}`
  print(`Made ${shown}: a working environment of ${String(files.size)} files. Next:`)
  print(`  ${shellLine('cd', shown)}`)
  print('  npm install')
  print('  npm test')
  print('  npx openenv eval . --policy oracle')
}
