import { readdirSync, readFileSync } from 'node:fs'
import { packageFiles, type Files } from './package-files.ts'

const TEMPLATE = new URL('../template/', import.meta.url)
/** What the template calls itself. */
const PLACEHOLDER = 'my-environment'

/**
 * A complete environment package that works as it is: tasks, right answers kept apart, a grader, a baseline and an oracle.
 *
 * @param name - One that `checkName` takes.
 */
export function templatePackage(name: string): Files {
  const description = 'Read a sentence whose letters were moved along the alphabet.'
  const own = ['README.md', ...readdirSync(new URL('src/', TEMPLATE)).map((file) => `src/${file}`)]
  return new Map([
    ...packageFiles({ name, description, version: '0.1.0' }),
    ...own
      .sort()
      .map((path): [string, string] => [
        path,
        readFileSync(new URL(path, TEMPLATE), 'utf8').replaceAll(PLACEHOLDER, name),
      ]),
  ])
}
