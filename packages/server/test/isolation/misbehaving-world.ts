import type { AnyEnvironment } from '@openenv-ts/core'
import { misbehaving } from './misbehaving.ts'

/** As `misbehaving`, but its episodes cannot leave their executor. */
const world: Partial<AnyEnvironment> = { ...misbehaving }
delete world.restore

// eslint-disable-next-line import-x/no-default-export -- what an executor loads is a default export
export default world
