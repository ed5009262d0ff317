/** How deep a value of an executor may nest, and how many values it may hold; shared parts count as often as they occur. */
const MAX_DEPTH = 500
const MAX_VALUES = 2_000_000
const BYTES_A_VALUE = 8

/**
 * Says why a value is not plain JSON data of a bounded size.
 *
 * Structured clones can be cyclic, can share one part a billion times, and can be arrays of four billion holes: they are
 * walked with a budget before any schema looks at them.
 *
 * @param maxBytes - Bound on the length of all texts and keys, and eight for each value.
 * @returns What follows on "it holds", or null when there is no fault.
 */
export function faultOf(value: unknown, maxBytes: number): string | null {
  return new Walk(maxBytes).visit(value, 0)
}

class Walk {
  readonly #maxBytes: number
  #bytes = 0
  #values = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  visit(value: unknown, depth: number): string | null {
    const tooMuch = this.#count(typeof value === 'string' ? value.length : 0, 1)
    if (tooMuch !== null) return tooMuch
    switch (typeof value) {
      case 'string':
      case 'number':
      case 'boolean':
      case 'undefined':
        return null
      case 'object':
        if (value === null) return null
        if (depth === MAX_DEPTH) return `values that nest deeper than ${String(MAX_DEPTH)}`
        return Array.isArray(value) ? this.#items(value, depth) : this.#fields(value, depth)
      default:
        return `a ${typeof value}`
    }
  }

  #items(items: readonly unknown[], depth: number): string | null {
    if (items.length > MAX_VALUES) return this.#count(0, items.length)
    for (const item of items) {
      const fault = this.visit(item, depth + 1)
      if (fault !== null) return fault
    }
    return null
  }

  #fields(fields: object, depth: number): string | null {
    const prototype: unknown = Object.getPrototypeOf(fields)
    if (prototype !== null && prototype !== Object.prototype) return 'an object that is not plain'
    for (const [key, value] of Object.entries(fields)) {
      const fault = this.#count(key.length, 0) ?? this.visit(value, depth + 1)
      if (fault !== null) return fault
    }
    return null
  }

  #count(bytes: number, values: number): string | null {
    this.#values += values
    this.#bytes += bytes + values * BYTES_A_VALUE
    if (this.#values > MAX_VALUES) return `more than ${String(MAX_VALUES)} values`
    return this.#bytes > this.#maxBytes ? `more than ${String(this.#maxBytes)} bytes` : null
  }
}
