// What stands here is a promise to everybody who imports the package.
import { emailTriage } from './environment.ts'

export { emailTriage }
export { EmailTriageEnv } from './email-triage-env.ts'
export {
  EmailObservation,
  EnvironmentState,
  Label,
  ResetResult,
  RewardResult,
  StepResult,
  TriageAction,
} from './models.ts'
export { baseline } from './baseline/baseline.ts'
export { oracle } from './oracle.ts'
export { gradeEasy, gradeHard, gradeMedium, graders } from './grading/graders.ts'
export type { Grader } from './grading/grader.ts'

// A module given to the command default-exports its environment [OE-18].
export default emailTriage
