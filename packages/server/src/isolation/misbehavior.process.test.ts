import { KINDS } from '../../test/isolation/isolate.ts'
import { misbehaviorSuite } from '../../test/isolation/misbehavior-suite.ts'

// A fixed sample: each way once, in the kind of episode where it is hardest. The rest is test/full/misbehavior.test.ts.
for (const kind of KINDS) {
  misbehaviorSuite(kind, 'share', {
    steps: ['never_return', 'exhaust_heap', 'exit', 'send_rubbish', 'exhaust_buffers', 'kill_itself'],
    resets: ['exit'],
    later: ['exit_later', 'throw_later'],
  })
  misbehaviorSuite(kind, 'cannot leave', {
    steps: ['exit', 'send_rubbish'],
    resets: ['never_return'],
    later: ['reject_later'],
  })
}
