// `node --conditions=@openenv-ts/source --import ./sources.js main.ts` runs the workspace's TypeScript unbuilt.
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { register } from 'node:module'
import { fileURLToPath } from 'node:url'

const CACHE = new URL('../../../node_modules/.cache/openenv-sources/', import.meta.url)

// Node loads this file twice: in each thread of the program, where it registers itself, and in one that runs the hooks.
const HOOKS = '?hooks'
if (!import.meta.url.endsWith(HOOKS)) register(import.meta.url + HOOKS)

/** Node's hook: types are taken off a source of ours; everything else goes its usual way. */
export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context)
  return { format: 'module', shortCircuit: true, source: await withoutTypes(url) }
}

async function withoutTypes(url) {
  const text = await readFile(fileURLToPath(url), 'utf8')
  const cached = new URL(`${createHash('sha256').update(text).digest('hex')}.js`, CACHE)
  try {
    return await readFile(cached, 'utf8')
  } catch {
    // TypeScript takes half a second to load: only when a source has changed.
    const { default: ts } = await import('typescript')
    const { outputText } = ts.transpileModule(text, {
      compilerOptions: {
        target: ts.ScriptTarget.ES2023,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
      },
    })
    await mkdir(CACHE, { recursive: true })
    // Other processes may write the same file now.
    const draft = new URL(`${cached.href}.${String(process.pid)}`)
    await writeFile(draft, outputText)
    await rename(draft, cached)
    return outputText
  }
}
