/** A sibling's type. */
export type Server = import('@openenv-ts/server').App
