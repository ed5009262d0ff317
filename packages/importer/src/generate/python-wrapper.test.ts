import { describe, expect, it } from 'vitest'
import { pythonWrapper } from './python-wrapper.ts'

const source = { kind: 'ors', path: 'vendor/word-count', module: 'server', attribute: 'WordCount' }

describe('pythonWrapper', () => {
  it('is short TypeScript over the bridge [IM-11]', () => {
    expect(
      pythonWrapper({
        name: 'word-count',
        description: "Count a text's words.",
        source,
        requires: '>=3.11',
        sessions: 'process',
        secrets: ['OPENAI_API_KEY'],
        more: { maxTurns: 10 },
      }),
    ).toBe(`import { openPythonEnvironment } from '@openenv-ts/python-bridge'

export default await openPythonEnvironment({
  name: 'word-count',
  description: "Count a text's words.",
  version: '0.1.0',
  package: new URL('..', import.meta.url),
  source: { kind: 'ors', path: 'vendor/word-count', module: 'server', attribute: 'WordCount' },
  python: { requires: '>=3.11', requirements: 'python/requirements.lock' },
  // Each in a process of its own, forked from one that has loaded the source; why stands in import.lock.json.
  sessions: 'process',
  // No other secret reaches the source.
  secrets: ['OPENAI_API_KEY'],
  maxTurns: 10,
})
`)
  })

  it('lets no text of a source out of its quotes', () => {
    const description = `'} ) ; process.exit(1) // \n\` \${1} */`
    const text = pythonWrapper({ name: 'a', description, source, requires: '>=3.11', sessions: 'shared' })
    expect(text.split('\n')).toHaveLength(13)
    expect(text).toContain(`description: "'} ) ; process.exit(1) // \\n\` \${1} */",`)
  })
})
