import { describe, expect, it } from 'vitest'
import { folder } from '../../test/folder.ts'
import { sessionPlan } from './plan.ts'
import { readSource } from '../import.ts'

async function planned(text: string, shared: readonly string[] = ['Env']) {
  using place = folder({ 'env.py': text })
  const source = await readSource(place.path)
  const module = source.python.module('env.py')
  if (module === null) throw new Error('It is no Python.')
  const { mode, why } = sessionPlan(source, [module], { shared })
  return { mode, why: why.map(({ line, message }) => `${String(line)}: ${message}`) }
}

describe('where a source keeps its state [IM-13]', () => {
  it.each([
    [
      'on the episode’s own object',
      'class X:\n    def setup(self):\n        self.moves = []\n    def move(self):\n        self.moves.append(1)\n        self.n += 1\n',
    ],
    [
      'in the state that the library hands over',
      'class X(vf.MultiTurnEnv):\n    async def setup_state(self, state):\n        state["n"] = 0\n        state["l"].append(1)\n',
    ],
    [
      'made when the object is made',
      'class X(vf.MultiTurnEnv):\n    def __init__(self):\n        self.tools = []\n        self.tools.append(1)\n',
    ],
    [
      'in what a function makes for itself',
      'CACHE = []\ndef f():\n    CACHE = []\n    CACHE.append(1)\n    out = {}\n    out["x"] = 1\n',
    ],
    [
      'in a cache that is filled once',
      'DATA = None\ndef f():\n    global DATA\n    if DATA is None:\n        DATA = load()\nKNOWN = {}\ndef g(k):\n    if k not in KNOWN:\n        KNOWN[k] = 1\n',
    ],
    [
      'read from files',
      'def f():\n    open("x").read()\n    open("x", "rb")\n    Path("x").read_text()\n    sqlite3.connect(":memory:")\n',
    ],
  ])('%s: shared', async (_, text) => {
    expect(await planned(text)).toEqual({ mode: 'shared', why: [] })
  })

  it.each([
    [
      'ROUNDS = 0\ndef f():\n    global ROUNDS\n    ROUNDS += 1\n',
      '4: It changes ROUNDS, which belongs to the module.',
    ],
    [
      'SEEN = set()\nclass X:\n    def f(self):\n        SEEN.add(1)\n',
      '4: It changes SEEN, which belongs to the module.',
    ],
    ['BOARD = {}\ndef f(k):\n    BOARD[k]["x"] = 1\n', '3: It changes BOARD, which belongs to the module.'],
    ['Q = []\ndef f():\n    del Q[0]\n', '3: It changes Q, which belongs to the module.'],
    [
      'class X:\n    n = 0\n    @classmethod\n    def f(cls):\n        cls.n += 1\n',
      '5: It changes cls.n, which belongs to the class.',
    ],
    ['class X: ...\ndef f():\n    X.n = 1\n', '3: It changes X, which belongs to the module.'],
    [
      'class X(vf.MultiTurnEnv):\n    def env_response(self, m, state):\n        self.turns += 1\n',
      '3: It changes self.turns, and all sessions share that object.',
    ],
    [
      'class X(vf.ToolEnv):\n    def step(self):\n        self.log.append(1)\n',
      '3: It changes self.log, and all sessions share that object.',
    ],
    ['def f():\n    with open("log.txt", "a") as log:\n        log.write("x")\n', '2: It writes a file.'],
    ['def f(p):\n    p.write_text("x")\n', '2: It changes files.'],
    ['import os\ndef f():\n    os.chdir("/")\n', '3: It changes the working directory.'],
    [
      'import os\ndef f():\n    os.environ["A"] = "1"\n',
      '3: It changes the environment variables of the process.',
    ],
    ['import sqlite3\ndef f():\n    sqlite3.connect("x.db")\n', '3: It changes files.'],
  ])('a process each for %j', async (text, why) => {
    expect(await planned(text)).toEqual({ mode: 'process', why: [why] })
  })
})
