// What stands here is a promise to everybody who imports the package.
import { environment } from './environment.ts'

export { CipherAction, CipherObservation, environment } from './environment.ts'
export { baseline } from './baseline.ts'
export { oracle } from './oracle.ts'

// The command and servers load the default export.
export default environment
