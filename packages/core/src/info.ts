/**
 * What accompanies an observation: flat, and safe for an agent to read. Beside the environment's own facts it has
 * `task_id`, the value of each reward term as `reward.<term>`, and in the last reply `score` [OE-25].
 */
export type Info = Readonly<Record<string, string | number | boolean>>
