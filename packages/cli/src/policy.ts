import { existsSync } from 'node:fs'
import { basename, extname, resolve } from 'node:path'
import { printable } from '@openenv-ts/core/host'
import {
  constantPolicy,
  modelPolicy,
  modelSettings,
  noopPolicy,
  randomPolicy,
  type AnyPolicy,
  type PolicyFunction,
} from '@openenv-ts/rollout'
import type { PlayFlags } from './commands/play-flags.ts'
import { didYouMean } from './did-you-mean.ts'
import { UsageError } from './failure.ts'
import { importFile } from './module.ts'
import type { PlaySource } from './target.ts'

/** Policies that an environment's own package exports. */
const OWN = ['baseline', 'oracle'] as const
/** Policies that can play anything. */
const ANY = ['constant', 'model', 'noop', 'random'] as const

/**
 * The policy that the flags ask for [OE-17].
 *
 * @throws UsageError when flags contradict each other, or there is no such policy for this environment.
 */
export async function choosePolicy(subject: PlaySource, flags: PlayFlags): Promise<AnyPolicy> {
  const name = policyName(subject, flags)
  if (flags.model !== undefined && name !== 'model') {
    throw new UsageError(`--model is for --policy model, and --policy is ${name}: leave one of them out.`)
  }
  if (flags.action !== undefined && name !== 'constant') {
    throw new UsageError(
      `--action is for --policy constant, and the policy is ${name}: leave one of them out.`,
    )
  }
  switch (name) {
    case 'noop':
      return noopPolicy()
    case 'constant':
      return constantPolicy(flags.action)
    case 'random':
      return randomPolicy()
    case 'model':
      return modelPolicy(modelSettings(process.env, { model: flags.model }))
    case 'baseline':
    case 'oracle':
      return ownPolicy(subject, name)
    default:
      return filePolicy(subject, name)
  }
}

function policyName(subject: PlaySource, { policy, model, action }: PlayFlags): string {
  if (policy !== undefined) return policy
  if (model !== undefined) return 'model'
  if (action !== undefined) return 'constant'
  return asPolicy(subject.module?.exports['baseline'], 'baseline') === undefined ? 'random' : 'baseline'
}

function ownPolicy(subject: PlaySource, name: (typeof OWN)[number]): AnyPolicy {
  const { target, module } = subject
  const policy = asPolicy(module?.exports[name], name)
  if (policy !== undefined) return policy
  const why =
    module === undefined
      ? `The ${name} of "${printable(target.name)}" is in its package, which --env names: a package or a file`
      : `${target.name} exports no ${name}`
  throw new UsageError(`${why}. There are: ${available(subject).join(', ')}, or a file.`)
}

async function filePolicy(subject: PlaySource, name: string): Promise<AnyPolicy> {
  const file = resolve(name)
  if (!existsSync(file)) {
    const known = available(subject)
    throw new UsageError(
      /[./\\]/.test(name)
        ? `There is no policy file ${name}: check the path, it is relative to ${resolve('.')}.`
        : `There is no policy "${name}". There are: ${known.join(', ')}, or a file.${didYouMean(name, known)}`,
    )
  }
  const policy = asPolicy((await importFile(file))['default'], basename(file, extname(file)))
  if (policy !== undefined) return policy
  throw new UsageError(
    `${name} default-exports no policy: write \`export default async (observation) => action\`.`,
  )
}

/** An export as a policy of a given name; undefined when it is none. */
function asPolicy(exported: unknown, name: string): AnyPolicy | undefined {
  if (typeof exported === 'function') return { name, act: exported as PolicyFunction<unknown, never> }
  if (typeof exported !== 'object' || exported === null) return undefined
  const { act, start } = exported as { readonly act?: unknown; readonly start?: unknown }
  // Spreading would lose the methods of a class.
  if (typeof act === 'function') return { name, act: act.bind(exported) as PolicyFunction<unknown, never> }
  if (typeof start === 'function')
    return { name, start: start.bind(exported) as () => PolicyFunction<unknown, never> }
  return undefined
}

function available({ module }: PlaySource): string[] {
  const own = OWN.filter((name) => asPolicy(module?.exports[name], name) !== undefined)
  return [...own, ...ANY]
}
