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
