// Reads a page of this folder: the commands on it, and its blocks of code.

/** The commands of a page, in order. One that provokes, provokes the texts of the items since the last such one. */
export function stepsOf(text) {
  const steps = []
  let items = []
  for (const part of partsOf(text)) {
    if (part.kind === 'item') items.push(part.says)
    if (part.kind === 'hidden' && part.server) {
      steps.push({ kind: 'server', command: part.command, expected: [], line: part.line })
    } else if (part.kind === 'hidden') {
      if (items.length === 0)
        throw new Error(`Line ${part.line}: nothing above that this command would provoke.`)
      steps.push({ kind: 'provoke', command: part.command, expected: items, line: part.line })
      items = []
    }
    if (part.kind === 'fence' && part.language === 'console') steps.push(...commandsOf(part))
  }
  return steps
}

/** The blocks of a page. */
export function fencesOf(text) {
  return partsOf(text).filter(({ kind }) => kind === 'fence')
}

/** The texts of items that no command below them provokes. */
export function unprovokedItemsOf(text) {
  let items = []
  for (const part of partsOf(text)) {
    if (part.kind === 'item') items.push(part)
    if (part.kind === 'hidden' && !part.server) items = []
  }
  return items
}

function* readParts(text) {
  const block =
    /^```(?<language>\w+)(?<info>[^\n]*)\n(?<body>[^]*?)^```$|^ *- `(?<says>[^`]+)`|<!-- (?<server>server )?\$ (?<command>[^]*?) -->/gm
  for (const { index, groups } of text.matchAll(block)) {
    const line = text.slice(0, index).split('\n').length
    const { language, info, body, says, server, command } = groups
    if (language !== undefined) yield { kind: 'fence', language, info: info.trim(), body, line }
    else if (says !== undefined) yield { kind: 'item', says, line }
    else yield { kind: 'hidden', server: server !== undefined, command, line }
  }
}

function partsOf(text) {
  return [...readParts(text)]
}

function commandsOf({ info, body, line }) {
  const words = info.split(' ')
  const kind = words.includes('server') ? 'server' : 'run'
  const needs = words.find((word) => word.startsWith('needs='))?.slice('needs='.length)
  const steps = []
  for (const [at, text] of body.trimEnd().split('\n').entries()) {
    const last = steps.at(-1)
    if (text.startsWith('$ ')) {
      steps.push({ kind, needs, command: text.slice(2), expected: [], line: line + 1 + at })
    } else if (last === undefined) {
      throw new Error(`Line ${line + 1 + at}: a block begins with a command.`)
    } else if (last.command.endsWith('\\') && last.expected.length === 0) {
      last.command += `\n${text}`
    } else last.expected.push(text)
  }
  return steps
}
