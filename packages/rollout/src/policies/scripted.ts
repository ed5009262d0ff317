import type { StatelessPolicy, UniversalPolicy } from '../policy.ts'

/** A policy that never acts: its episodes end where they start, completed, with the return 0. */
export declare function noopPolicy(): StatelessPolicy<never>
/** A policy that always gives the same action: the given one, else the schema's first valid value. */
export declare function constantPolicy(action?: unknown): UniversalPolicy
/** A policy that draws each action from the schema, by the episode's seed. */
export declare function randomPolicy(): StatelessPolicy<never>
