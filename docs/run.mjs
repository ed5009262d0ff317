// Runs the commands on the pages of this folder as a reader would type them, and compares what they print with what
// the pages show: `node docs/run.mjs`, or `node docs/run.mjs mcp trl` for some.
//
// In a `console` block a line after `$ ` is a command, the lines below it are what it prints; `…` stands for anything
// in a line, a line of `…` for any number of lines. Without lines below only the exit code counts. A `console server`
// block is one command that stays until its port is wanted again or the page ends. `<!-- $ command -->` under items
// that begin with a text in backticks provokes these texts; `<!-- server $ command -->` starts what it needs for that.
//
// Pages may use any port: each is exchanged for a free one.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setup as findUv } from '../test/uv.mjs'
import { stepsOf } from './page.mjs'

/** Ports as the pages write them: after a colon, or as an option. */
const PORT = /(?<=:|port )\b(?:80\d\d|90\d\d)\b/g
const ROOT = new URL('..', import.meta.url).pathname
process.chdir(ROOT)

async function runPage(name) {
  const text = readFileSync(`docs/${name}.md`, 'utf8')
  const steps = stepsOf(text)
  const ports = await freePortsFor(steps)
  const page = {
    name,
    ports,
    folder: mkdtempSync(join(tmpdir(), `openenv-docs-${name}-`)),
    servers: new Map(),
  }
  const shell = new Shell(page.folder)
  try {
    for (const step of steps) {
      if (step.needs !== undefined && !installed(step.needs)) {
        console.log(`docs/${name}.md:${step.line}: not run, for there is no ${step.needs} here`)
        continue
      }
      await runStep(step, page, shell)
    }
  } finally {
    await shell.close()
    rmSync(page.folder, { recursive: true, force: true })
  }
}

async function runStep(step, page, shell) {
  const where = `docs/${page.name}.md:${step.line}`
  console.log(`\n${where}\n$ ${step.command}`)
  const peer = peerOf(step.command)
  if (peer !== undefined) return shell.usePython(peer)
  const command = here(step.command, page)
  const { output, status } =
    step.kind === 'server' ? await shell.serve(command, page, step) : await shell.run(command)
  const shown = asOnPage(output, page)
  if (step.kind === 'provoke') {
    const missing = step.expected.filter((text) => !matches(oneLine(shown), [`…${oneLine(text)}…`]))
    if (missing.length === 0) return
    throw new Error(`${where}: nothing says ${missing.join('\nnor ')}\nbut:\n${shown}`)
  }
  console.log(shown.trimEnd())
  if (status !== 0) throw new Error(`${where}: exit code ${status}`)
  if (step.expected.length === 0 || matches(shown, step.expected)) return
  throw new Error(`${where} shows something else:\n${step.expected.join('\n')}`)
}

/** A command as it is run here: with free ports, on copies of configurations that name ports, and without npx. */
function here(command, page) {
  const rightPorts = (text) => text.replaceAll(PORT, (port) => page.ports.get(port) ?? port)
  const copied = command.replaceAll(/\bexamples\/[\w.-]+\.(?:conf|json)\b/g, (file) => {
    const copy = join(page.folder, basename(file))
    writeFileSync(copy, rightPorts(readFileSync(file, 'utf8')))
    return copy
  })
  const listening =
    /\bopenenv serve\b/.test(copied) && !copied.includes('--port ') ? `${copied} --port 8000` : copied
  // Without npx between, a signal reaches the server, and half a second is saved.
  return rightPorts(listening).replaceAll('npx openenv ', 'openenv ')
}

function asOnPage(output, { ports }) {
  const back = new Map([...ports].map(([port, free]) => [free, port]))
  return output.replaceAll(/\b\d{4,5}\b/g, (number) => back.get(number) ?? number)
}

async function freePortsFor(steps) {
  const ports = new Map()
  const named = steps.flatMap(({ command }) => command.match(PORT) ?? [])
  for (const port of new Set(['8000', '8080', ...named])) ports.set(port, await freePort())
  return ports
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return String(port)
}

/** The folder in .venvs that has what `pip install` would bring, made if it is not there. */
function peerOf(command) {
  const pins = /^pip install (.+)$/.exec(command)?.[1].replaceAll(/["']/g, '').split(' ')
  if (pins === undefined) return undefined
  const lists = readdirSync('test/peers/requirements')
  const list = lists.find((file) => {
    const lines = readFileSync(`test/peers/requirements/${file}`, 'utf8').split(/\s+/)
    return pins.every((pin) => lines.includes(pin))
  })
  if (list === undefined) throw new Error(`No list in test/peers/requirements has ${pins.join(' and ')}.`)
  const peer = basename(list, '.txt')
  const { status } = spawnSync('bash', ['test/peers/install.sh', peer], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${peer} could not be installed.`)
  return peer
}

function installed(program) {
  return spawnSync('bash', ['-c', `command -v ${program}`]).status === 0
}

function oneLine(text) {
  return text.replaceAll(/\s+/g, ' ').trim()
}

function matches(text, lines) {
  const pattern = lines
    .map((line) => (line === '…' ? '(?:.*\n)*?' : `${line.split('…').map(escaped).join('.*')}[ ]*\n`))
    .join('')
  return new RegExp(`^${pattern}$`).test(`${text.trimEnd()}\n`)
}

function escaped(text) {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** One bash for a page: what is exported in it holds for the commands below. */
class Shell {
  #bash
  #folder
  #output = ''
  #woken = () => undefined
  #servers = new Map()
  #ended = false

  constructor(folder) {
    this.#folder = folder
    this.#bash = spawn('bash', ['--norc'], {
      // A group of its own, so that nothing that it started outlives it.
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        ...process.env,
        PATH: `${ROOT}node_modules/.bin:${process.env.PATH}:/usr/sbin`,
        NO_COLOR: '1',
        PYTHONUNBUFFERED: '1',
        PYTHONDONTWRITEBYTECODE: '1',
        TMPDIR: folder,
      },
    })
    this.#bash.stdout.setEncoding('utf8').on('data', (text) => {
      this.#output += text
      this.#woken()
    })
    this.#bash.once('exit', () => {
      this.#ended = true
      this.#woken()
    })
  }

  /** Runs a command to its end. */
  async run(command) {
    this.#output = ''
    const mark = `--${crypto.randomUUID()}--`
    this.#bash.stdin.write(`{ ${command}\n} 2>&1 </dev/null\nprintf '\\n%s %s\\n' '${mark}' "$?"\n`)
    const end = new RegExp(`\\n${mark} (\\d+)\\n`)
    const [, status] = await this.#until(() => end.exec(this.#output), command)
    return { output: this.#output.slice(0, this.#output.indexOf(`\n${mark}`)), status: Number(status) }
  }

  /** Starts a server, and waits until it says where it listens. */
  async serve(command) {
    const port = /port (\d+)/.exec(command)?.[1] ?? command
    await this.stop(port)
    const log = join(this.#folder, `${crypto.randomUUID()}.log`)
    writeFileSync(log, '')
    const { output } = await this.run(`${command} >${log} 2>&1 & echo "pid $!"`)
    this.#servers.set(port, /pid (\d+)/.exec(output)[1])
    for (let waited = 0; ; waited += 100) {
      const said = readFileSync(log, 'utf8')
      if (/Listening on .*\n/.test(said)) {
        // What it says beside that comes at once.
        await new Promise((resolve) => setTimeout(resolve, 50))
        return { output: readFileSync(log, 'utf8'), status: 0 }
      }
      if (waited > 20_000) throw new Error(`${command} does not listen: ${said}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  async stop(port) {
    const pid = this.#servers.get(port)
    if (pid === undefined) return
    this.#servers.delete(port)
    await this.run(`kill ${pid}; wait ${pid}; true`)
  }

  async usePython(peer) {
    // The package has an `openenv` of its own, which npx would not find either.
    await this.run(`export PATH=${ROOT}node_modules/.bin:${ROOT}.venvs/${peer}/bin:$PATH`)
  }

  async close() {
    if (!this.#ended) {
      for (const port of [...this.#servers.keys()]) await this.stop(port)
      try {
        process.kill(-this.#bash.pid)
      } catch {
        // Nothing is left of it.
      }
    }
  }

  async #until(found, command) {
    const timeout = setTimeout(() => {
      this.#ended = true
      this.#woken()
    }, 120_000)
    try {
      for (;;) {
        const result = found()
        if (result) return result
        if (this.#ended) throw new Error(`${command} did not come to an end: ${this.#output}`)
        await new Promise((resolve) => {
          this.#woken = resolve
        })
      }
    } finally {
      clearTimeout(timeout)
    }
  }
}

findUv()
const all = readdirSync('docs')
  .filter((file) => file.endsWith('.md'))
  .map((file) => basename(file, '.md'))
const wanted = process.argv.length > 2 ? process.argv.slice(2) : all
for (const name of wanted) {
  if (!all.includes(name)) throw new Error(`No page ${name}. Pages: ${all.join(', ')}.`)
  await runPage(name)
}
console.log('ok')
