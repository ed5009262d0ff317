// Every way to misbehave, in every kind of executor; packages/server/src/isolation/misbehavior.process.test.ts has a sample.
import { KINDS } from '../../packages/server/test/isolation/isolate.ts'
import { misbehaviorSuite } from '../../packages/server/test/isolation/misbehavior-suite.ts'

for (const kind of KINDS) {
  misbehaviorSuite(kind, 'share')
  misbehaviorSuite(kind, 'cannot leave')
}
