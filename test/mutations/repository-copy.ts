import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Mutation } from './mutation.ts'

const run = promisify(execFile)
const ROOT = new URL('../../', import.meta.url).pathname

/** How a run of one test ended. */
export interface TestRun {
  readonly passed: number
  readonly failed: number
  /** What was printed. */
  readonly output: string
}

/** A copy of the working tree, in which sources can be broken while others work on the tree itself. */
export class RepositoryCopy implements AsyncDisposable {
  readonly #root: string

  private constructor(root: string) {
    this.#root = root
  }

  static async create(): Promise<RepositoryCopy> {
    const root = join(ROOT, '.mutations', String(process.pid))
    await rm(root, { recursive: true, force: true })
    const listed = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: ROOT,
      maxBuffer: 64e6,
    })
    for (const file of listed.stdout
      .split('\0')
      .filter((name) => name !== '' && existsSync(join(ROOT, name)))) {
      await mkdir(dirname(join(root, file)), { recursive: true })
      await cp(join(ROOT, file), join(root, file))
    }
    const installed = await run(
      'sh',
      ['-c', 'ls -d node_modules packages/*/node_modules environments/*/node_modules 2>/dev/null || true'],
      { cwd: ROOT },
    )
    // Hard links: the packages' links to each other are relative, and so lead to the copy's own sources.
    for (const folder of installed.stdout.trim().split('\n')) {
      await run('cp', ['-al', join(ROOT, folder), join(root, folder)])
    }
    if (existsSync(join(ROOT, '.venvs'))) await symlink(join(ROOT, '.venvs'), join(root, '.venvs'))
    return new RepositoryCopy(root)
  }

  /** Applies a mutation, runs what must notice it, and takes the mutation back. */
  async tryMutation(mutation: Mutation): Promise<TestRun> {
    const path = join(this.#root, mutation.source)
    const source = await readFile(path, 'utf8')
    const parts = source.split(mutation.find)
    if (parts.length !== 2) {
      throw new Error(
        `${mutation.source} has ${String(parts.length - 1)} of ${JSON.stringify(mutation.find)}, not one.`,
      )
    }
    await writeFile(path, parts.join(mutation.replace))
    try {
      return await this.runTest(mutation)
    } finally {
      await writeFile(path, source)
    }
  }

  /** Runs the test that a mutation names, on the sources as they are. */
  async runTest({ test, run: how }: Mutation): Promise<TestRun> {
    if (how === 'types') return this.#checkTypes()
    const { file, config, after } = { file: test.file, ...how }
    const report = join(this.#root, 'report.json')
    await rm(report, { force: true })
    const args = [
      'vitest',
      'run',
      '--reporter=json',
      `--outputFile=${report}`,
      '--testNamePattern',
      [test.title, after]
        .filter((title) => title !== undefined)
        .map(pattern)
        .join('|'),
    ]
    const { output } = await this.#command('npx', [
      ...args,
      ...(config === undefined ? [] : ['--config', config]),
      file,
    ])
    if (!existsSync(report)) return { passed: 0, failed: 0, output }
    const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(
      await readFile(report, 'utf8'),
    ) as Record<string, number>
    // A mutation that breaks a module before its tests are collected is noticed as well.
    const failed = (numFailedTests ?? 0) || (numFailedTestSuites ?? 0)
    return { passed: numPassedTests ?? 0, failed, output }
  }

  async #checkTypes(): Promise<TestRun> {
    const { ok, output } = await this.#command('npx', ['tsc', '-p', 'tsconfig.test.json', '--noEmit'])
    return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, output }
  }

  async #command(command: string, args: readonly string[]): Promise<{ ok: boolean; output: string }> {
    const env = {
      ...process.env,
      NO_COLOR: '1',
      VITEST: undefined,
      VITEST_MODE: undefined,
      NODE_OPTIONS: undefined,
    }
    try {
      const { stdout, stderr } = await run(command, args, { cwd: this.#root, env, maxBuffer: 64e6 })
      return { ok: true, output: stdout + stderr }
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
      return { ok: false, output: stdout + stderr }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#root, { recursive: true, force: true })
  }
}

/** The names that a title stands for: what a table of cases puts into it is any text. */
function pattern(title: string): string {
  return title
    .split(/%[sdifjoOp]|\$[\w.]+/)
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
    .join('.*')
}
