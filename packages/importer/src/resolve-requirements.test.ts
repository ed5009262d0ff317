import { describe, expect, it } from 'vitest'
import { oldestPython, versionsOf } from './resolve-requirements.ts'

describe('oldestPython', () => {
  it.each([
    ['>=3.11', '3.11'],
    ['>=3.12,<3.14', '3.12'],
    ['>3.11', '3.11'],
    ['>3.11.99', '3.12'],
    ['!=3.11.*,>=3.11', '3.12'],
    ['==3.12.4', '3.12'],
    ['>3.11.4', '3.11'],
    ['~=3.12.1', '3.12'],
    ['==3.13.*', '3.13'],
    ['<3.14', '3.11'],
    ['', '3.11'],
    ['>=3.8', '3.11'],
  ])('of %j is %s', (requires, oldest) => {
    expect(oldestPython(requires)).toBe(oldest)
  })
})

describe('versionsOf', () => {
  it('reads names and versions, several where platforms differ [IM-10]', () => {
    const text = `# comment\nnumpy==1.26.4 ; python_full_version < '3.12'\nnumpy==2.1.0 ; python_full_version >= '3.12'\nuvicorn[standard]==0.30.1\n    # via x\n`
    expect(versionsOf(text)).toEqual({ numpy: '1.26.4, 2.1.0', uvicorn: '0.30.1' })
  })
})
