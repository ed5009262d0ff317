import { serve } from '@openenv-ts/server/node'

/** Serves, which core must not. */
export const start: unknown = serve
