import { itPlaysAsTheLibraryDoes } from './versions.ts'

// The edges of what is supported; test/full has the versions between.
for (const version of ['0.1.11', '0.3.1', '0.4.0']) itPlaysAsTheLibraryDoes(version)
