import { itPlaysAsTheLibraryDoes, VERSIONS } from '../imports/versions.ts'

for (const version of Object.keys(VERSIONS)) itPlaysAsTheLibraryDoes(version)
