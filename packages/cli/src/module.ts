import { realpathSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, extname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Jiti, TransformOptions, TransformResult } from 'jiti'
import { LoadFailure, oneLine, UsageError } from './failure.ts'
import { installedPackage, isWithin } from './installed-package.ts'
import { TranspiledModules } from './transpiled.ts'

/** What a module exports, by name. */
export type ModuleExports = Readonly<Record<string, unknown>>

/** What a loaded file finds of this command beside zod and core, whatever is installed around it [OE-18]. */
const SHARED: Readonly<Record<string, () => Promise<unknown>>> = {
  'zod/v4': () => import('zod/v4'),
  'zod/mini': () => import('zod/mini'),
  '@openenv-ts/core/sample': () => import('@openenv-ts/core/sample'),
  '@openenv-ts/core/node': () => import('@openenv-ts/core/node'),
  '@openenv-ts/core/wire': () => import('@openenv-ts/core/wire'),
  '@openenv-ts/client': () => import('@openenv-ts/client'),
  '@openenv-ts/rollout': () => import('@openenv-ts/rollout'),
  '@openenv-ts/server': () => import('@openenv-ts/server'),
  '@openenv-ts/server/node': () => import('@openenv-ts/server/node'),
  '@openenv-ts/python-bridge': () => pythonBridge(),
  '@openenv-ts/echo': () => import('@openenv-ts/echo'),
  '@openenv-ts/importer': () => import('@openenv-ts/importer'),
  '@openenv-ts/email-triage': () => import('@openenv-ts/email-triage'),
}

/**
 * Runs a TypeScript or JavaScript file as it is, with this command's own copies of zod and core.
 *
 * @throws UsageError when it does not parse, or fails while it is loaded; the message says where.
 */
export async function importFile(file: string): Promise<ModuleExports> {
  const jiti = await createLoader(file)
  try {
    // Modern JavaScript would otherwise be left to Node, which would find the copies next to the file.
    if (/\.m?js$/.test(extname(file))) {
      const source = await readFile(file, 'utf8')
      return (await jiti.evalModule(source, {
        id: file,
        filename: file,
        async: true,
        forceTranspile: true,
      })) as ModuleExports
    }
    return await jiti.import<ModuleExports>(file)
  } catch (thrown) {
    const shown = relative(process.cwd(), file) || file
    throw new LoadFailure(
      `Cannot load ${shown}: ${loadingFault(thrown, file)}`,
      `It cannot be loaded: ${kindOfFault(thrown, file)}.`,
      thrown,
    )
  }
}

/**
 * Imports an installed package by its name, looked for from the working directory first and then beside this command.
 *
 * @param name - As the user typed it. Paths into a package are no names.
 * @returns Undefined when no package of this name is installed.
 * @throws UsageError when one is, and has no module, has it elsewhere, or fails while it is loaded.
 */
export async function importPackage(name: string): Promise<ModuleExports | undefined> {
  if (SHARED[name] !== undefined) return runPackage(name, await createLoader(import.meta.filename), name)
  for (const from of [process.cwd(), import.meta.dirname]) {
    const root = installedPackage(name, from)
    if (root === undefined) continue
    const jiti = await createLoader(join(from, '_'))
    const module = jiti.esmResolve(name, { try: true })
    if (module === undefined) throw new UsageError(`The package ${name} has no module to import.`)
    if (!isWithin(root, realpathSync(module.startsWith('file:') ? fileURLToPath(module) : module))) {
      throw new UsageError(`The package ${name} names a module that is outside its folder, ${root}.`)
    }
    return runPackage(name, jiti, module)
  }
  return undefined
}

async function runPackage(name: string, jiti: Jiti, module: string): Promise<ModuleExports> {
  try {
    return await jiti.import<ModuleExports>(module)
  } catch (thrown) {
    throw new LoadFailure(
      `Cannot load the package ${name}: ${oneLine(thrown)}`,
      `It cannot be loaded: ${kindOfFault(thrown, module)}.`,
      thrown,
    )
  }
}

async function createLoader(from: string): Promise<Jiti> {
  const [{ createJiti }, zod, core, host] = await Promise.all([
    import('jiti'),
    import('zod'),
    import('@openenv-ts/core'),
    import('@openenv-ts/core/host'),
  ])
  // These also answer a `require`, which cannot wait.
  const virtualModules: Record<string, unknown> = {
    zod,
    '@openenv-ts/core': core,
    '@openenv-ts/core/host': host,
  }
  // Asynchronous imports wait for what a getter answers, so that only what a file asks for is loaded.
  for (const [name, load] of Object.entries(SHARED))
    Object.defineProperty(virtualModules, name, { get: load })
  // Not jiti's own cache: its usual place is a folder that other users of the machine can write to.
  const options = { interopDefault: false, virtualModules, fsCache: false } as const
  const { transform } = createJiti(from, options).options
  if (transform === undefined) return createJiti(from, options)
  return createJiti(from, { ...options, transform: rememberingTransform(transform) })
}

/** Transpiles what was not transpiled before; to load the transpiler alone takes most of a second on a small machine. */
function rememberingTransform(
  transform: (options: TransformOptions) => TransformResult,
): (options: TransformOptions) => TransformResult {
  const modules = new TranspiledModules()
  return (options) => {
    let failed: TransformResult | undefined
    const input = JSON.stringify([JITI_VERSION, process.version, options])
    const code = modules.codeFor(input, () => {
      const made = transform(options)
      if (made.error === undefined) return made.code
      failed = made
      return null
    })
    return failed ?? { code: code ?? '' }
  }
}

const { version: JITI_VERSION } = createRequire(import.meta.url)('jiti/package.json') as { version: string }

/** What imported environments run on: optional, as the importer is. */
async function pythonBridge(): Promise<unknown> {
  try {
    return await import('@openenv-ts/python-bridge')
  } catch (thrown) {
    if (!(thrown instanceof Error) || !('code' in thrown) || thrown.code !== 'ERR_MODULE_NOT_FOUND')
      throw thrown
    throw new Error('It runs in Python, which needs a package: npm install @openenv-ts/python-bridge', {
      cause: thrown,
    })
  }
}

/** What went wrong while a file was loaded and where, in one line. */
function loadingFault(thrown: unknown, file: string): string {
  if (!(thrown instanceof Error)) return oneLine(thrown)
  const message = thrown.message.split('\nRequire stack:')[0] ?? ''
  if (message.includes(file))
    return oneLine(new Error(message.replaceAll(file, relative(process.cwd(), file))))
  const line = lineOf(thrown, file)
  const kind = thrown.name === 'Error' ? '' : `${thrown.name}: `
  return oneLine(new Error(`${kind}${message}${line === undefined ? '' : ` (line ${line})`}`))
}

/** The same without a word of the module's own: what it throws may hold keys, paths or answers. */
function kindOfFault(thrown: unknown, file: string): string {
  if (!(thrown instanceof Error)) return 'it throws what is not an error'
  const missing = /^Cannot find (?:module|package) '([@\w][\w./-]*)'/.exec(thrown.message)?.[1]
  if (missing !== undefined) return `it imports "${missing}", which is not installed`
  // Our own checks of a definition: they name fields and no values of anybody.
  if (isThrownByCore(thrown)) return `its definition is invalid: ${oneLine(thrown).replace(/\.$/, '')}`
  if (/^(?:SyntaxError|ParseError)\b/.test(`${thrown.name}: ${thrown.message}`.replace(/^Error: /, '')))
    return 'it is not valid TypeScript or JavaScript'
  const line = lineOf(thrown, file)
  return `it throws an error${line === undefined ? '' : ` (line ${line})`}`
}

const CORE = dirname(fileURLToPath(import.meta.resolve('@openenv-ts/core')))

function isThrownByCore({ stack = '', message, name }: Error): boolean {
  const first = stack
    .replace(`${name}: ${message}`, '')
    .split('\n')
    .find((line) => /^\s+at /.test(line))
  return first?.includes(CORE) === true
}

/** The line of the file that an error comes from. */
function lineOf({ stack = '' }: Error, file: string): string | undefined {
  const [, place] = stack.split(file)
  return /^:(\d+)/.exec(place ?? '')?.[1]
}
