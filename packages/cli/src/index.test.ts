import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { lines } from '../test/command.ts'
import { openenv } from '../test/in-process.ts'

const COMMANDS = ['eval', 'rollout', 'replay', 'serve', 'tasks', 'info', 'init', 'import']

describe('openenv', () => {
  it('prints its help when called with nothing, and names every command', async () => {
    const { code, stdout, stderr } = await openenv([])
    expect(code).toBe(0)
    expect(stderr).toBe('')
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
    expect(stdout).toContain('Examples:')
  })

  it.each(COMMANDS)('explains %s with its usage and an example', async (command) => {
    const { code, stdout } = await openenv([command, '--help'])
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`^Usage: openenv ${command} `))
    expect(stdout).toMatch(/Examples?:\n {2}\$ npx openenv /)
    expect((await openenv(['help', command])).stdout).toBe(stdout)
  })

  it('shows the defaults of options', async () => {
    const { stdout } = await openenv(['eval', '--help'])
    const text = stdout.replaceAll(/\s+/g, ' ')
    expect(text).toContain('--repeats <N> Episodes a task. (default: 1)')
    expect(text).toContain("(default: the environment's own limit, else 1000)")
  })

  it('says its version', async () => {
    const manifest = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
    expect((await openenv(['--version'])).stdout).toBe(`${String(manifest.version)}\n`)
  })

  it.each([
    { args: 'evla echo', says: 'There is no command "evla". Did you mean "eval"?' },
    { args: 'evla --help', says: 'Did you mean "eval"?' },
    { args: 'help evla', says: 'Did you mean "eval"?' },
    { args: '--verison', says: '--version' },
    { args: 'eval echo --repeets 3', says: '--repeats' },
    { args: 'eval', says: 'ENV|URL' },
    { args: 'eval echo guess', says: 'too many arguments' },
    { args: 'eval echo --repeats 0', says: 'at least 1' },
    { args: 'eval echo --repeats 1.5', says: 'whole number' },
    { args: 'eval echo --seed -1', says: 'at least 0' },
    { args: 'eval echo --success high', says: 'Give a number' },
    { args: 'eval echo --action {', says: 'Give JSON' },
    { args: 'eval echo --policy', says: 'argument missing' },
    { args: 'eval echo --model A --model B', says: "'-m, --model <NAME>' takes one value" },
    { args: 'eval echo -m A --model=B', says: 'given twice' },
    { args: 'eval ehco', says: 'Did you mean "echo"?' },
    { args: 'eval ./nowhere.ts', says: 'There is no file ./nowhere.ts' },
    { args: 'eval /', says: 'is a folder' },
    { args: 'eval packages/cli/src', says: 'such as packages/cli/src/index.ts.' },
    { args: 'eval docs/spec', says: 'give the file that default-exports the environment.' },
    { args: 'eval echo --task a', says: 'echo has no tasks: name none' },
    { args: 'eval echo --out docs', says: 'name a new folder, or continue that run with --resume.' },
    { args: 'eval localhost:8000', says: 'A server needs its scheme: http://localhost:8000.' },
    { args: 'info 127.0.0.1:8000/envs/mail', says: 'http://127.0.0.1:8000/envs/mail.' },
    { args: 'eval http://', says: 'is not a URL' },
    { args: 'serve', says: 'ENV' },
    { args: 'serve http://127.0.0.1:8000', says: 'is a URL' },
    { args: 'serve echo --port 65536', says: 'from 0 to 65535' },
    { args: 'serve echo --mode fast', says: 'simulation, production' },
    { args: 'serve echo --routes none', says: 'full, minimal' },
    { args: 'serve echo --max-sessions 0', says: 'at least 1' },
    { args: 'serve echo --isolation none', says: 'inline, worker, process' },
    { args: 'serve echo --workers 2', says: '--workers needs --isolation worker' },
    { args: 'serve echo --step-seconds 2', says: '--step-seconds needs --isolation worker' },
    { args: 'serve echo --isolation worker --step-seconds 0', says: 'above 0' },
    { args: 'serve echo --isolation worker --workers 0', says: 'from 1 to 256' },
    { args: 'serve echo --base-path /a/../b', says: '--base-path' },
    { args: 'serve echo --port 0 --host no.such.host.invalid', says: '--host' },
    { args: 'replay ./no-run', says: 'no-run' },
    { args: 'tasks', says: 'ENV|URL' },
    { args: 'init', says: 'NAME' },
    { args: 'import', says: '--name' },
    { args: 'import --name a --output-dir b', says: 'SOURCE' },
    { args: 'import . --name a', says: '--output-dir' },
    { args: 'import nowhere --name a --output-dir b', says: 'There is no folder "nowhere"' },
    { args: 'init A', says: 'lower-case words' },
  ])('answers `openenv $args` with exit code 2 and one line that says what to do', async ({ args, says }) => {
    const { code, stdout, stderr } = await openenv(args.split(' '))
    expect(stderr).toContain(says)
    expect(lines(stderr)).toHaveLength(1)
    expect(stderr).toMatch(/^error: /)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })
})
