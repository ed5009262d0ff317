import type { Environment } from '@openenv-ts/core'
import { toolCallSchema, type ToolAction } from '@openenv-ts/core/host'
import { z } from 'zod'
import { checked, GroupScores } from './contract.ts'
import { PythonHost } from './host.ts'
import { PythonObservation } from './observation.ts'
import type { PythonEnvironmentOptions } from './options.ts'
import { newSessionId, startPython, toolOf } from './simulation.ts'
import { PythonTasks, type PythonTask } from './tasks.ts'

/** An environment that runs in Python. */
export interface PythonEnvironment extends Environment<
  ToolAction,
  PythonObservation,
  ToolAction,
  PythonTask
> {
  /** The library that runs it, and what people should know of it. */
  readonly python: { readonly library: string; readonly notes: readonly string[] }
  /** Ends its process; the next episode starts another. Without it the process ends with this one. */
  close(): Promise<void>
}

/**
 * Makes an environment of a Python source: makes its virtual environment where that is missing, starts Python, loads the
 * source, and asks what tools and splits it has.
 *
 * @throws OpenEnvError FACTORY_ERROR when there is no Python that fits, when something cannot be installed, or when the
 * source cannot be loaded; `data.python.traceback` says where.
 */
export async function openPythonEnvironment(options: PythonEnvironmentOptions): Promise<PythonEnvironment> {
  const host = new PythonHost(options)
  const described = await host.describe()
  const tools = described.tools.map(toolOf)
  const { name, description, version, limits = {}, secrets, sessions } = options
  return {
    name,
    description,
    version,
    action: toolCallSchema(tools) as z.ZodType<ToolAction, ToolAction>,
    observation: PythonObservation,
    view: z.object({ scoring_errors: z.array(z.string()) }),
    tasks: new PythonTasks(host, described.splits),
    ...(secrets === undefined ? {} : { secrets }),
    tools,
    rubric: [],
    limits: { stepSeconds: host.timeouts.call + 10, steps: 200, ...limits },
    deterministic: false,
    concurrent: sessions !== 'single',
    start: (context) => startPython(host, context),
    ...(described.group_scoring ? { scoreGroup: groupScoring(host) } : {}),
    python: { library: described.library, notes: described.notes },
    close: () => host.close(),
  }
}

/** The source scores groups on an instance of the task: one is opened for it. */
function groupScoring(
  host: PythonHost,
): NonNullable<Environment<ToolAction, PythonObservation, ToolAction, PythonTask>['scoreGroup']> {
  return async (candidates, { task }) => {
    const line = await host.line()
    const place = task?.data.place
    const session = newSessionId()
    const { open, call, close } = host.timeouts
    try {
      await host.asOpenEnv('open', () =>
        line.request('open', { session, ...(place ?? { task: task?.data.row ?? {} }), seed: 0 }, open),
      )
      const scores = await host.asOpenEnv('score_group', () =>
        line.request('score_group', { session, candidates }, call),
      )
      return checked(GroupScores, 'score_group', scores)
    } finally {
      await line.request('close', { session }, close).catch(() => undefined)
      line.end()
    }
  }
}
