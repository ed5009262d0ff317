// Starts a session whose Python has started a child, says both pids, and waits to be killed.
import { openLocal } from '@openenv-ts/core'
import { openPythonEnvironment } from '@openenv-ts/python-bridge'

const [, , folder = '', sessions = 'shared'] = process.argv
const environment = await openPythonEnvironment({
  name: 'troubled',
  description: 'It misbehaves.',
  version: '0.0.0',
  package: folder,
  source: { kind: 'ors', path: 'vendor/troubled', module: 'troubled', attribute: 'Troubled' },
  python: { requires: '>=3.10', requirements: 'requirements.txt' },
  sessions: sessions as 'shared' | 'process',
})
const episode = openLocal(environment)
await episode.reset({ seed: 0 })
const texts = await Promise.all(
  ['say', 'spawn'].map(async (tool_name) => {
    const { observation } = await episode.step({ type: 'call_tool', tool_name, arguments: { text: 'pid' } })
    const { result } = observation as { result: { content: { text: string }[] } }
    return result.content[0]?.text ?? ''
  }),
)
console.log(`${texts[0]?.split(' ')[1] ?? ''} ${texts[1] ?? ''}`)
setInterval(() => undefined, 1000)
