import { escapeControls } from '@openenv-ts/core/host'
import { describe, expect, it } from 'vitest'
import { folder, lines } from '../packages/cli/test/command.ts'
import { openenv } from '../packages/cli/test/in-process.ts'
import { HOSTILE, hostileSource, MARK } from '../packages/importer/test/hostile-source.ts'

/** What the command prints, on both streams, when it imports a source that says a text everywhere. */
async function printed(kind: 'ors' | 'verifiers', text: string): Promise<string> {
  const files = Object.entries(hostileSource(kind, text))
  await using place = await folder(
    Object.fromEntries(files.map(([path, content]) => [`source/${path}`, content])),
  )
  const args = ['import', './source', '--name', 'quiet', '--output-dir', 'out', '--type', kind, '--no-lock']
  const { code, stdout, stderr } = await openenv(args, { cwd: place.path })
  expect(code).toBe(0)
  return stdout + stderr
}

describe.each(['ors', 'verifiers'] as const)(
  'importing a source of %s with hostile words everywhere',
  (kind) => {
    it.each(HOSTILE.filter((text) => /\p{C}|\p{Zl}|\p{Zp}|\u3164/u.test(text)).map((text) => [text]))(
      'prints none of %j as it is, and no line more for it',
      async (text) => {
        const [said, usual] = [await printed(kind, text), await printed(kind, '')]
        expect(said).toContain(MARK)
        expect(escapeControls(said)).toBe(said)
        expect(lines(said).length).toBeLessThanOrEqual(lines(usual).length)
      },
    )
  },
)
