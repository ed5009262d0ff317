// Draws docs/demo.svg from what the demo really prints: `node docs/picture.mjs`. Needs util-linux's `script`, so that
// the demo has a terminal and shows its colors. With --check it only looks whether the picture still shows the scores
// that the demo gives.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

const FILE = new URL('demo.svg', import.meta.url)
const ROOT = new URL('..', import.meta.url)

const COLUMNS = 100
const CELL = { width: 8.4, height: 17 }
const PADDING = 16
const COLORS = { 31: '#ff7b72', 32: '#7ee787', 33: '#e3b341', 34: '#79c0ff', 36: '#76e3ea', 90: '#8b949e' }

if (process.argv.includes('--check')) check()
else draw()

function draw() {
  const command = `stty cols ${COLUMNS}; npm run --silent demo`
  const printed = execFileSync('script', ['-qec', command, '/dev/null'], { cwd: ROOT, encoding: 'utf8' })
  writeFileSync(FILE, picture(['$ npm run demo', ...asShown(printed)]))
}

function check() {
  const shown = readFileSync(FILE, 'utf8').replaceAll(/<[^>]*>/g, '')
  const printed = execFileSync('npm', ['run', '--silent', 'demo'], { cwd: ROOT, encoding: 'utf8' })
  const missing = printed.split('\n').filter((line) => /^(│|Mean)/.test(line) && !shown.includes(line))
  if (missing.length === 0) return
  console.error(
    `docs/demo.svg does not show this; draw it again with node docs/picture.mjs:\n${missing.join('\n')}`,
  )
  process.exitCode = 1
}

/** What a terminal shows in the end: a line that was written over has only its last text. */
function asShown(text) {
  return text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => line.split(/\r|\x1b\[\d*[GK]/).findLast((part) => part.trim() !== '') ?? '')
}

function picture(shown) {
  const width = COLUMNS * CELL.width + 2 * PADDING
  const height = shown.length * CELL.height + 2 * PADDING
  const rows = shown.map((line, row) => {
    const y = PADDING + (row + 0.75) * CELL.height
    return `<text x="${PADDING}" y="${y.toFixed(1)}">${spans(line)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="What npm run demo prints">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="#e6edf3" xml:space="preserve">
${rows.join('\n')}
</g>
</svg>
`
}

/** Text with terminal codes as spans of SVG; codes other than colors, bold and dim are dropped. */
function spans(line) {
  let attributes = new Map()
  return line
    .split(/(\x1b\[[\d;?]*[A-Za-z])/)
    .map((part) => {
      const code = /^\x1b\[([\d;]*)m$/.exec(part)
      if (code !== null) attributes = after(attributes, code[1])
      if (part.startsWith('\x1b') || part === '') return ''
      const list = [...attributes].map(([name, value]) => ` ${name}="${value}"`).join('')
      const text = part.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
      return list === '' ? text : `<tspan${list}>${text}</tspan>`
    })
    .join('')
}

function after(attributes, codes) {
  const next = new Map(attributes)
  for (const code of codes.split(';').map(Number)) {
    if (code === 0) next.clear()
    if (code === 1) next.set('font-weight', 'bold')
    if (code === 2) next.set('fill-opacity', '0.6')
    if (code === 22) ['font-weight', 'fill-opacity'].forEach((name) => next.delete(name))
    if (code === 39) next.delete('fill')
    if (COLORS[code] !== undefined) next.set('fill', COLORS[code])
  }
  return next
}
