/** Stands in every hostile text, so that it is found wherever the text went. */
export const MARK = 'ZQXMARK'

/** What acts on a terminal, an editor, a parser or a reader, each in a text of its own. */
export const HOSTILE: readonly string[] = [
  ...['\u001b[31m', '\u001b]8;;http://example.org\u0007', '\u009b2J', '\u0007', '\b', '\u007f', '\u0085'],
  ...['\n', '\r', '\r\n', '\u2028', '\u2029', '\v', '\f'],
  ...['\u202e', '\u2066', '\u200f', '\u061c', '\u200b', '\u2060', '\ufeff', '\u00ad', '\u{e0041}', '\u3164'],
  ...[
    '`',
    '```\n',
    '``` js',
    "'",
    '"',
    '\\',
    '\\u0027',
    '\\n',
    "' + process.exit(1) + '",
    '"; process.exit(1); //',
  ],
  ...[
    '*/ process.exit(1) /*',
    '// process.exit(1)',
    '${process.exit(1)}',
    '`${process.exit(1)}`',
    '%s %d',
    '{{x}}',
    '<%= x %>',
  ],
  ...['</script><script>', '-->', '<!--', '<img src=x onerror=x>', '&#x27;', ']]>'],
  ...[
    '[text](http://example.org)',
    '![text](http://example.org/x.png)',
    '# heading',
    '\n# heading\n',
    '| cell |',
    '**bold**',
    '~~~',
  ],
  ...[
    ': value',
    '\n- item',
    '#!anchor',
    '!!js/function',
    '&a *a',
    '$(touch x)',
    '; touch x',
    '\nRUN touch x',
    '__proto__',
  ],
  'long '.repeat(20_000),
]

/** A source that says a text wherever a source can say something. */
export function hostileSource(kind: 'ors' | 'verifiers', text: string): Readonly<Record<string, string>> {
  const said = `${MARK}${text}${MARK}`
  // TOML and Python read what JSON escapes.
  const quoted = JSON.stringify(said).replaceAll('\u007f', '\\u007f')
  const comment = said.replaceAll(/[\r\n\f\v\0\u0085\u2028\u2029]/g, ' ')
  const name = Array.from(comment.replaceAll(/[/\\]/g, '_')).slice(0, 40).join('')
  const library = kind === 'ors' ? 'ors-sdk' : 'verifiers'
  return {
    'pyproject.toml': [
      '[project]',
      'name = "quiet"',
      `description = ${quoted}`,
      `authors = [{ name = ${quoted} }]`,
      `keywords = [${quoted}]`,
      `dependencies = ["${library}", "elsewhere @ git+https://example.org/x", ${quoted}]`,
      '[tool.uv.sources]',
      `${quoted} = { git = ${quoted} }`,
      `elsewhere = { git = ${quoted} }`,
      '',
    ].join('\n'),
    'README.md': said,
    // A list that costs much is refused as a whole.
    '.openenvignore': `${comment.replaceAll('*', '').slice(0, 100)}\n`,
    [`${name}.py`]: 'import ors, verifiers\ndef f(:\n',
    [`${name}.txt`]: said,
    [`${name}/inner.py`]: 'import ors, verifiers\nclass Inner(ors.Environment): pass\n',
    'env.py': kind === 'ors' ? orsModule(quoted, comment) : verifiersModule(quoted, comment),
  }
}

function orsModule(quoted: string, comment: string): string {
  return `${quoted}
# ${comment}
import os
from ors import Environment
SEEN = {${quoted}: ${quoted}}
class Quiet(Environment):
    ${quoted}
    key = os.environ[${quoted}]
    other = os.getenv("QUIET_MODE", ${quoted})
    @classmethod
    def list_splits(cls): return [${quoted}]
    @classmethod
    def list_tasks(cls, split): return [{"id": ${quoted}}]
    def get_prompt(self):
        SEEN[${quoted}] = self.secrets.get(${quoted}) or self.secrets["QUIET_KEY"]
        open(${quoted}, "w")
        return [${quoted}]
`
}

function verifiersModule(quoted: string, comment: string): string {
  return `${quoted}
# ${comment}
import os
import verifiers as vf
SEEN = {${quoted}: ${quoted}}
def load_environment(needed, key_var=${quoted}, other: str = ${quoted}):
    ${quoted}
    vf.ensure_keys([${quoted}, "QUIET_KEY"])
    SEEN[${quoted}] = os.environ.get(${quoted}, os.getenv(key_var))
    return vf.SingleTurnEnv(dataset=[{"task": ${quoted}, "question": ${quoted}}], rubric=vf.Rubric())
`
}
