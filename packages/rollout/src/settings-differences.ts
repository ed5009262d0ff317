import { canonicalJson } from './canonical-json.ts'
import type { RunSettings } from './record.ts'

/** In which settings two runs differ, in words; empty when they are the same. Pure. */
export function settingsDifferences(there: RunSettings, here: RunSettings): readonly string[] {
  return Object.keys(here).flatMap((key) => {
    const name = key as keyof RunSettings
    const [before, now] = [canonicalJson(there[name]), canonicalJson(here[name])]
    return before === now ? [] : [`${name} is ${short(before)} there and ${short(now)} here`]
  })
}

function short(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`
}
