import fc from 'fast-check'

const name = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?$/)
const version = fc.stringMatching(
  /^[0-9]{1,3}(\.[0-9]{1,3}){1,3}((a|b|rc)[0-9]{1,2})?(\.post[0-9])?(\.dev[0-9])?$/,
)
const clause = fc
  .tuple(fc.constantFrom('==', '!=', '<=', '>=', '<', '>', '~='), version)
  .map(([op, v]) => op + v)
const operand = fc.oneof(
  fc.constantFrom('python_version', 'sys_platform', 'extra', 'platform_machine', 'implementation_name'),
  fc.stringMatching(/^[a-zA-Z0-9 .,;:@()[\]<>=!~_-]{0,10}$/).map((text) => `'${text}'`),
)
const compare = fc
  .tuple(operand, fc.constantFrom('==', '!=', '<', '>=', 'in', 'not in', '~=', '==='), operand)
  .map((parts) => parts.join(' '))
const { marker } = fc.letrec<{ marker: string }>((tie) => ({
  marker: fc.oneof(
    { maxDepth: 4 },
    compare,
    fc
      .tuple(tie('marker'), fc.constantFrom('and', 'or'), tie('marker'))
      .map(([a, op, b]) => `${a} ${op} (${b})`),
    tie('marker').map((inside) => `( ${inside} )`),
  ),
}))
/** Requirements of any kind, as text: extras, versions and markers. */
export const anyRequirement = fc
  .tuple(name, fc.array(name, { maxLength: 2 }), fc.array(clause, { maxLength: 3 }), fc.option(marker))
  .map(([n, extras, clauses, condition]) =>
    [
      n,
      extras.length === 0 ? '' : ` [${extras.join(' , ')}]`,
      clauses.join(', '),
      condition === null ? '' : `; ${condition}`,
    ].join(''),
  )
