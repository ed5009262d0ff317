import {
  createIsolation,
  type Isolation,
  type IsolationKind,
  type IsolationOptions,
} from '../../src/isolation/isolation.ts'

export const KINDS: readonly IsolationKind[] = ['worker', 'process']

/** Executors run the workspace's TypeScript unbuilt. */
const UNBUILT = ['--conditions=@openenv-ts/source', '--import', 'jiti/register']

/** Isolates the environment that a module beside this one, or a package, default-exports. */
export function isolate(
  kind: IsolationKind,
  module: string,
  options: Partial<IsolationOptions> = {},
): Promise<Isolation> {
  const url = module.startsWith('.') ? new URL(module, import.meta.url).href : module
  return createIsolation({ kind, module: url, execArgv: UNBUILT, workers: 1, ...options })
}
