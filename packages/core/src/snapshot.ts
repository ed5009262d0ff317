import { z } from 'zod'
import type { AnyEnvironment } from './environment.ts'
import type { Snapshot } from './episode.ts'
import { describeIssues, issuesOf } from './issues.ts'
import { OpenEnvError } from './errors.ts'

const SnapshotShape = z.object({
  format: z.literal('openenv-ts/snapshot@2'),
  environment: z.object({ name: z.string(), version: z.string() }),
  episodeId: z.string(),
  seed: z.int().min(0),
  seedDrawn: z.boolean(),
  task: z.looseObject({ id: z.string() }).nullable(),
  stepCount: z.int().min(0),
  elapsedMs: z.number(),
  earned: z.number().nullable(),
  reply: z.looseObject({
    observation: z.unknown(),
    reward: z.number().nullable(),
    status: z.enum(['running', 'terminated', 'truncated']),
    done: z.boolean(),
    info: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  }),
  state: z.unknown(),
})

/**
 * Checks a snapshot before anything is given up for it: it may come from a file or another process.
 *
 * @throws OpenEnvError `VALIDATION_ERROR`: no snapshot, or one of another environment or version.
 */
export function checkSnapshot(snapshot: Snapshot, environment: AnyEnvironment): void {
  const shape = SnapshotShape.safeParse(snapshot)
  if (!shape.success) {
    const issues = issuesOf(shape.error, snapshot)
    const message = `This version cannot read this snapshot: ${describeIssues(issues, 'snapshot')}.`
    throw new OpenEnvError('VALIDATION_ERROR', message, { issues })
  }
  const { name, version } = shape.data.environment
  if (name !== environment.name || version !== environment.version) {
    throw new OpenEnvError(
      'VALIDATION_ERROR',
      `The snapshot is of ${name} ${version}; this environment is ${environment.name} ${environment.version}.`,
    )
  }
  if (!environment.observation.safeParse(shape.data.reply.observation).success) {
    throw new OpenEnvError('VALIDATION_ERROR', 'The observation in the snapshot breaks the schema.')
  }
}
