// Every check of every change: `npm test`. What is too heavy for that: `npm run test:full`. Name steps to run only those:
// `npm test -- lint unit`, `npm run test:full -- full`.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setup as findUv } from './uv.mjs'

const REPORTS = mkdtempSync(join(tmpdir(), 'openenv-ts-reports-'))
const vitest = (name, ...args) => {
  const report = join(REPORTS, `${name}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  return { name, report, commands: [['npx', 'vitest', 'run', ...reporters, ...args]] }
}
const step = (name, ...commands) => ({ name, commands: commands.map((command) => command.split(' ')) })

const IMPORTS = ['--config', 'test/imports/vitest.config.ts']

// Stages follow one another; the lanes of a stage share the two cores. What loads one core stands beside what waits for
// the network, for clients or for Python; what keeps both busy has a stage to itself.
const EVERY_CHANGE = [
  [
    [
      step('lint', 'npm run --silent lint'),
      vitest('rules', '--config', 'test/lint/vitest.config.ts'),
      step('types', 'npm run --silent types'),
      vitest('pack', '--config', 'test/pack/vitest.config.ts'),
    ],
    [
      step('peers-install', 'bash test/peers/install.sh'),
      vitest('faults', '--config', 'test/faults/vitest.config.ts'),
    ],
  ],
  [[vitest('unit')]],
  [[vitest('processes', '--config', 'test/processes/vitest.config.ts')]],
  // Clients of Python have seconds to start, so nothing computes beside them.
  [[vitest('peers', '--config', 'test/peers/vitest.config.ts')]],
  [
    [
      vitest('browser', '--config', 'test/browser/vitest.config.ts'),
      step('conformance', 'npm run --silent conformance'),
      step('docs', 'node docs/run.mjs'),
      step('examples', 'npm run --silent examples'),
      step('demo', 'npm run --silent demo'),
    ],
    [vitest('imports', ...IMPORTS, 'sources', 'marked', 'tools', 'many', 'installing')],
  ],
]
const FULL = [
  [
    [vitest('full', '--config', 'test/full/vitest.config.ts')],
    // Every supported release of the libraries, each trouble that a source can have, judges.
    [vitest('imports-wide', ...IMPORTS, 'versions', 'troubles', 'scoring')],
  ],
  // What every change repeats less often.
  [[vitest('soak', '--config', 'test/faults/vitest.config.ts', 'malformed', 'storms')]],
  [[step('bench', 'npm run --silent bench -- --smoke')]],
]

const args = process.argv.slice(2)
const wanted = args.filter((arg) => arg !== '--full')
const STAGES = args.includes('--full') ? FULL : EVERY_CHANGE
const STEPS = STAGES.flat(2)
const unknown = wanted.filter((name) => !STEPS.some((each) => each.name === name))
if (unknown.length > 0) {
  console.error(`No step ${unknown.join(', ')}. Steps: ${STEPS.map(({ name }) => name).join(', ')}.`)
  process.exit(2)
}

findUv()
const env = { ...process.env, ...(STAGES === FULL ? { OPENENV_FULL: '1' } : {}) }
if (!process.stdout.isTTY) {
  env.NO_COLOR = '1'
  delete env.FORCE_COLOR
}

const results = []
for (const stage of STAGES) {
  const chosen = (lane) => lane.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
  const lanes = stage.map(chosen).filter((lane) => lane.length > 0)
  await Promise.all(lanes.map((lane) => runLane(lane, lanes.length > 1)))
}
rmSync(REPORTS, { recursive: true, force: true })

console.log('')
for (const { name, seconds, passed, failed } of results) {
  console.log(
    `${failed === 0 ? '  ' : '✗ '}${name.padEnd(14)}${String(passed).padStart(5)} passed${String(failed).padStart(4)} failed${seconds.padStart(8)} s`,
  )
}
const sum = (key) => results.reduce((total, result) => total + result[key], 0)
console.log(`${sum('passed')} passed, ${sum('failed')} failed`)
process.exitCode = sum('failed') === 0 ? 0 : 1

/** Runs steps one after another; with a lane beside it, each says what it has to say when it is done. */
async function runLane(steps, beside) {
  for (const each of steps) {
    if (!beside) console.log(`\n=== ${each.name}`)
    const startedAt = performance.now()
    const { ok, said } = await inOrder(each.commands, beside)
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    const { passed, failed } = count(each, ok)
    process.stdout.write(beside ? `\n=== ${each.name}\n${said}` : said)
    console.log(`=== ${each.name}: ${failed === 0 ? 'passed' : 'FAILED'} in ${seconds} s`)
    results.push({ name: each.name, seconds, passed, failed })
  }
}

async function inOrder(commands, quietly) {
  let said = ''
  for (const [command, ...args] of commands) {
    const ran = await run(command, args, quietly)
    said += ran.said
    if (!ran.ok) return { ok: false, said }
  }
  return { ok: true, said }
}

function run(command, args, quietly) {
  return new Promise((resolve) => {
    const output = quietly ? 'pipe' : 'inherit'
    const child = spawn(command, args, { env, stdio: ['ignore', output, output] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => (said += text))
    }
    child.once('error', (error) => {
      resolve({ ok: false, said: `${said}${error.message}\n` })
    })
    child.once('close', (code) => {
      resolve({ ok: code === 0, said })
    })
  })
}

/** A step counts as one; one with a report counts its tests, and each file that could not be run. */
function count({ report }, ok) {
  if (report === undefined) return ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
    const unrun = testResults.filter(
      ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
    )
    const failed = numFailedTests + unrun.length
    return { passed: numPassedTests, failed: ok ? failed : Math.max(failed, 1) }
  } catch {
    console.error(`There is no test report at ${report}.`)
    return { passed: 0, failed: 1 }
  }
}
