// Its own types bring npm's whole tree builder; this is the part that is used.
declare module 'npm-packlist' {
  /** Answers the files that `npm publish` would pack, relative to the folder. */
  // eslint-disable-next-line import-x/no-default-export -- the package has no other
  export default function packlist(tree: {
    readonly path: string
    readonly package: Readonly<Record<string, unknown>>
    readonly isProjectRoot: boolean
    readonly edgesOut: ReadonlyMap<string, unknown>
  }): Promise<readonly string[]>
}
