import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median } from './statistics.ts'

/** How long it takes to find the environments of a source tree, as whole processes. */
export interface Detected {
  readonly files: number
  readonly environments: number
  readonly oursMs: number
  /** A detector on Python's own `ast`, which parses every file. */
  readonly astMs: number
}

const OURS = fileURLToPath(new URL('./detect.js', import.meta.url))
const AST = fileURLToPath(new URL('../src/detect.py', import.meta.url))
/** Of so many files, one names a library. */
const ONE_IN = 20

/** Measures both on one tree, in turn. Both must find the same. */
export function detection(files: number, rounds: number): Detected {
  const folder = mkdtempSync(join(tmpdir(), 'openenv-detection-'))
  try {
    writeTree(folder, files)
    const ours: number[] = []
    const ast: number[] = []
    const found = new Set<string>()
    for (let round = 0; round < rounds; round += 1) {
      ours.push(timed(found, process.execPath, OURS, folder))
      ast.push(timed(found, 'python3', AST, folder))
    }
    const [environments = ''] = found
    if (found.size !== 1) throw new Error(`The detectors disagree: ${[...found].join(', ')}.`)
    return { files, environments: Number(environments), oursMs: median(ours), astMs: median(ast) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function timed(found: Set<string>, command: string, script: string, folder: string): number {
  const startedAt = performance.now()
  found.add(execFileSync(command, [script, folder], { encoding: 'utf8' }).trim())
  return performance.now() - startedAt
}

/** Modules of about 100 lines, as in a repository of some years. */
function writeTree(folder: string, files: number): void {
  for (let at = 0; at < files; at += 1) {
    const within = join(folder, `package_${String(at % 100)}`)
    if (at < 100) {
      mkdirSync(within)
      writeFileSync(join(within, '__init__.py'), '')
    }
    writeFileSync(join(within, `module_${String(at)}.py`), moduleText(at))
  }
}

function moduleText(at: number): string {
  const helpers = Array.from(
    { length: 9 },
    (_, each) => `
def step_${String(each)}(values: list[int], limit: int = ${String(each + at)}) -> dict[str, int]:
    """Counts what is below a limit."""
    found: dict[str, int] = {}
    for index, value in enumerate(values):
        if value < limit and index % ${String(each + 2)} == 0:
            found[f"item-{index}"] = value * ${String(at % 17)} + sum(x for x in values if x > value)
        elif value == limit:
            found.setdefault("equal", 0)
    return {key: value for key, value in found.items() if value is not None}
`,
  ).join('\n')
  const start = 'import dataclasses\nimport json\nfrom collections import defaultdict\n'
  if (at % ONE_IN !== 0) return start + helpers
  const [imports, entry] =
    at % (2 * ONE_IN) === 0
      ? ['from ors import Environment\n', ORS]
      : [
          'import verifiers as vf\n',
          '\ndef load_environment(split="train"):\n    return vf.SingleTurnEnv(dataset=step_1([]))\n',
        ]
  return start + imports + helpers + entry
}

const ORS = `
class Game(Environment):
    @classmethod
    def list_splits(cls):
        return ["train"]

    @classmethod
    def list_tasks(cls, split):
        return [{"id": 1}]

    def get_prompt(self):
        return []
`
