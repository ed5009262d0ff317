import { expect, it } from 'vitest'
import { waits } from './starter.ts'

it.each([
  [['sh', '-c', 'openenv serve .'], true],
  [['/bin/bash', '-lc', 'npm run build && openenv serve . 2>&1'], true],
  [['sh', '-c', 'openenv serve . &> log'], true],
  [['sh', '-c', 'openenv serve . &'], false],
  [['sh', '-c', 'openenv serve . & sleep 1'], false],
  [['sh', '-c', 'nohup openenv serve .'], false],
  [['sh', '-c', 'setsid openenv serve .'], false],
  [['-bash'], false],
  [['bash', 'start.sh'], false],
  [['node', '-c', 'x'], false],
  [['systemd'], false],
  [[], false],
])('%j waits for the command that it runs: %s', (commandLine, expected) => {
  expect(waits(commandLine)).toBe(expected)
})
