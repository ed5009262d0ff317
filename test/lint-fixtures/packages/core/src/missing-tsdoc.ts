export function undocumentedFunction(): void {
  inner()
}

export class UndocumentedClass {
  readonly name = 'x'
}

export interface UndocumentedInterface {
  readonly name: string
}

export type UndocumentedType = string

export const undocumentedArrow = (): number => 1

function inner(): void {
  return
}
