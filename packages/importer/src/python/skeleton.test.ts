import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readScope } from './module.ts'
import { loadParsers } from './parsers.ts'
import { skeleton } from './skeleton.ts'

const parsers = await loadParsers()

function scopeOf(text: string) {
  const tree = parsers.treeOf(text)
  if (tree === null) throw new Error('No tree.')
  try {
    expect(tree.rootNode.hasError).toBe(false)
    return readScope(tree.rootNode)
  } finally {
    tree.delete()
  }
}

describe('a skeleton', () => {
  it('has the lines of the module, and of functions only what they import', () => {
    const text = `import a
class X(a.B):
    "Says: def f():"
    def f(self, x=(
        1,
    )) -> int:  # why
        """A text
  of more lines: def g():
        """
        import inner
        if x:
            from outer import (
                one,
            )
        return {
            'k': 1,
        }

    async def h(self): return 1

    y = 2
def top():
    # nothing
    pass
z = [
  1,
]
`
    expect(skeleton(text)).toBe(`import a
class X(a.B):
    "Says: def f():"
    def f(self, x=(
        1,
    )) -> int:  # why
     pass


     import inner

     from outer import (
                one,
            )




    async def h(self): return 1

    y = 2
def top():
    # nothing
 pass
z = [
  1,
]
`)
    expect(scopeOf(skeleton(text))).toEqual(scopeOf(text))
  })

  it('has the scope of the whole, whatever a module is made of', () => {
    const block = fc.constantFrom(
      'import os, sys as s',
      'from x import (\n  y,\n  z as w,\n)',
      'class A(B, C[int]):\n    n = 1\n    def f(self):\n        import deep\n        return "#"\n    @property\n    def g(self): return 1',
      'def f(a="(", b=\'"\'):\n    """def x():\n    """\n    from q import r\n    return a',
      'async def g():\n\tif 1:\n\t\timport t\n\treturn [\n1]',
      'if True:\n    def h():\n        pass\n    X = Y\nelse:\n    import z',
      's = """\nclass Not(Environment):\n"""',
      'd = {"a": [1, (2)], }  # def no(',
      "__all__ = ['A', 'f']",
      'x = 1 + \\\n    2',
      '@deco(\n    1\n)\nclass D: pass',
      'def one(): return 1',
      '',
    )
    fc.assert(
      fc.property(
        fc.array(block, { maxLength: 12 }),
        fc.constantFrom('\n', '\n\n', '\n# note\n'),
        (blocks, between) => {
          const text = `${blocks.join(between)}\n`
          expect(scopeOf(skeleton(text))).toEqual(scopeOf(text))
          expect(skeleton(text).split('\n')).toHaveLength(text.split('\n').length)
        },
      ),
      { numRuns: 300 },
    )
  })
})
