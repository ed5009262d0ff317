export type {
  Detection,
  EntryPoint,
  EnvironmentImporter,
  GeneratedEnvironment,
  PythonNeeds,
  SessionPlan,
  Source,
} from './importer.ts'
export type { Finding } from './source/finding.ts'
// Importing
export { checkPlaces } from './places.ts'
export type { Places } from './places.ts'
export { planImport, readSource } from './import.ts'
export type { ImportPlan, ImportRequest } from './import.ts'
export { resolveRequirements } from './resolve-requirements.ts'
export type { Resolution } from './resolve-requirements.ts'
export { driftOf, holdsResolution, recordedImport, recordedResolution } from './check.ts'
export type { Drift } from './check.ts'
export { planUpdate, writeUpdate } from './update.ts'
export type { FileUpdate } from './update.ts'
export { LOCK_FILE } from './lock.ts'
export type { ImportLock } from './lock.ts'
export { nameOf } from './selection.ts'
export { ImportFailure, ImportRefusal } from './refusal.ts'
export type { RefusalCode } from './refusal.ts'
export { findingLine } from './source/finding.ts'
// Writing an importer
export { pythonWrapper } from './generate/python-wrapper.ts'
export type { PythonWrapper } from './generate/python-wrapper.ts'
export type { Literal } from './generate/literal.ts'
export { builtInRegistry, ImporterRegistry } from './registry.ts'
