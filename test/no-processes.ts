import childProcess from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import { afterEach, expect } from 'vitest'

// What starts a process costs seconds and fails on a busy machine: such tests have a step of their own, `processes`.
const REFUSED = ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync'] as const

const refused: string[] = []

for (const name of REFUSED) {
  const refuse = (command: unknown): never => {
    const file = expect.getState().testPath ?? 'a test'
    const message = `${file} calls ${name}(${JSON.stringify(command)}), and a unit test starts no process: name the file *.process.test.ts`
    refused.push(message)
    throw new Error(message)
  }
  Object.defineProperty(childProcess, name, { value: refuse, writable: true, configurable: true })
}
syncBuiltinESMExports()

// Code under test may catch the error.
afterEach(() => {
  expect(refused.splice(0)).toEqual([])
})
