import { itPlaysAsTheLibraryDoes } from './versions.ts'

// The oldest version that is supported. sources.test.ts imports and plays 0.1.12, 0.1.14, 0.3.1 and 0.4.0; test/full has every
// source on every version.
itPlaysAsTheLibraryDoes('0.1.11')
