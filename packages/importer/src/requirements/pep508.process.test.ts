import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { anyRequirement } from '../../test/requirements.ts'
import { parseRequirement, requirementText } from './pep508.ts'

const written = (text: string) => requirementText(parseRequirement(text))

const python = pythonWithPackaging()
it.runIf(python !== null)('a requirement means to us what it means to Python’s own `packaging`', () => {
  const texts = fc.sample(anyRequirement, { numRuns: 300, seed: 7 })
  const script = `import json, sys
from packaging.requirements import Requirement
ENVIRONMENTS = [{"python_version": p, "sys_platform": s, "extra": e, "platform_machine": m, "implementation_name": "cpython"}
  for p in ("3.11", "3.13") for s in ("linux", "win32") for e in ("", "a") for m in ("x86_64", "b")]
def holds(marker, environment):
  try:
      return marker.evaluate(environment)
  except Exception as error:
      return type(error).__name__
def read(text):
  try:
      r = Requirement(text)
  except Exception as error:
      return None
  where = None if r.marker is None else [holds(r.marker, each) for each in ENVIRONMENTS]
  return [r.name, sorted(r.extras), sorted(map(str, r.specifier)), r.url, where]
print(json.dumps([read(text) for text in json.load(sys.stdin)]))`
  const asked = texts.flatMap((text) => [text, written(text)])
  const { stdout, stderr } = spawnSync(python ?? '', ['-c', script], {
    input: JSON.stringify(asked),
    encoding: 'utf8',
  })
  const read = JSON.parse(stdout === '' ? stderr : stdout) as (readonly unknown[] | null)[]
  for (const [at, text] of texts.entries()) {
    const [theirs, ours] = [read[2 * at], read[2 * at + 1]]
    expect(theirs, text).not.toBeNull()
    expect(ours, written(text)).toEqual(theirs)
    const parsed = parseRequirement(text)
    expect(theirs?.slice(0, 2), text).toEqual([parsed.name, [...new Set(parsed.extras)].sort()])
  }
})

/** A Python of this machine that has `packaging`: one of the peers', or pip's own copy. */
function pythonWithPackaging(): string | null {
  const venvs = new URL('../../../../.venvs/', import.meta.url).pathname
  let made: string[] = []
  try {
    made = readdirSync(venvs).map((name) => `${venvs}${name}/bin/python`)
  } catch {
    // None was made yet.
  }
  const has = (python: string) =>
    spawnSync(python, ['-c', 'import packaging.requirements'], { stdio: 'ignore' }).status === 0
  return [...made, 'python3'].find(has) ?? null
}
