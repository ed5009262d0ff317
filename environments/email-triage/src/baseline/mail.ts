import type { EmailObservation } from '../models.ts'

const ADDRESS = /<[^<>@\s]+@([^<>\s]+)>/g
const DAY =
  /\b(today|tonight|tomorrow|this afternoon|\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December))\b/i
const HOUR = /\b(\d{1,2}:\d{2}|noon|midnight)\b/

/** The name of who writes, without the address. */
export function nameOf({ sender }: EmailObservation): string {
  return sender.replace(/\s*<.*$/, '').trim()
}

/** A day, a time or both by which something has to happen, as the mail names them; empty when it names none. */
export function deadlineIn({ body }: EmailObservation): string {
  return [DAY.exec(body)?.[0] ?? '', HOUR.exec(body)?.[0] ?? ''].filter((part) => part !== '').join(' at ')
}

/**
 * Whether the sender seems to be somebody else: the same name wrote from another host earlier in the thread, or the
 * host only resembles one that the task's description calls ours.
 */
export function isDisguised(mail: EmailObservation, description: string): boolean {
  const [host = ''] = hostsIn(mail.sender)
  const name = nameOf(mail).toLowerCase().split(/\s+/).slice(-2).join(' ')
  const earlier = mail.thread_history.filter((entry) => entry.toLowerCase().includes(name)).flatMap(hostsIn)
  if (earlier.length > 0) return !earlier.includes(host)
  const ours = [...description.matchAll(/\b[a-z\d-]+\.[a-z]{3,}\b/g)].map(([found]) => found)
  return ours.some((known) => known !== host && host.startsWith(known.slice(0, 6)))
}

function hostsIn(text: string): string[] {
  return [...text.matchAll(ADDRESS)].map(([, host = '']) => host.toLowerCase())
}
