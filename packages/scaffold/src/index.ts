// What stands here is a promise to everybody who imports the package.
export { checkName } from './name.ts'
export { checkDestination } from './destination.ts'
export { writePackage } from './write-package.ts'
export type { FileBytes, FileContent } from './file-content.ts'
export { packageFiles } from './package-files.ts'
export type { Files, PackagePlan } from './package-files.ts'
export { templatePackage } from './template.ts'
export { OWN_VERSION } from './versions.ts'
