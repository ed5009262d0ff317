import { Command, Option } from 'commander'
import { helpSections } from '../help-sections.ts'
import { integer, json, number, repeated } from '../options.ts'

/** The options that `rollout` and `eval` share, as commander hands them over. */
export interface PlayFlags {
  readonly policy?: string
  /** Which environment has the policies for a URL. */
  readonly env?: string
  readonly model?: string
  /** Absent, or what `--action` said, parsed. */
  readonly action?: unknown
  readonly task?: readonly string[]
  readonly split?: string
  readonly repeats: number
  readonly group?: boolean
  readonly concurrency: number
  readonly maxSteps?: number
  readonly seed: number
  readonly success: number
  readonly out?: string
  readonly resume?: boolean
  readonly json?: boolean
}

const MODEL_VARIABLES = {
  "A model's endpoint comes from the environment": [
    'API_BASE_URL, HF_TOKEN or API_KEY, MODEL_NAME',
    'or OPENAI_BASE_URL, OPENAI_API_KEY, --model',
  ],
}

/** A command that plays episodes, with all its options but no action yet. */
export function playCommand(name: string, description: string, examples: readonly string[]): Command {
  return new Command(name)
    .description(description)
    .usage('ENV|URL [options]')
    .argument('<ENV|URL>', 'What is played: a built-in environment, a package, a file, or a server.')
    .optionsGroup('Who plays:')
    .option(
      '-p, --policy <NAME|FILE>',
      'baseline, oracle, noop, constant, random, model, or a file that default-exports a function (default: model with --model, constant with --action, else baseline where there is one, else random)',
    )
    .option(
      '--env <ENV>',
      'For a URL: the environment whose baseline and oracle play there, a package or a file (default: the built-in one of the same name)',
    )
    .option('-m, --model <NAME>', 'The model that plays; implies --policy model.')
    .addOption(
      new Option(
        '--action <JSON>',
        'What the constant policy does (default: the first valid action)',
      ).argParser(json),
    )
    .optionsGroup('What is played:')
    .addOption(
      new Option(
        '-t, --task <ID>',
        'A task; may be repeated (default: every task of the default split)',
      ).argParser(repeated),
    )
    .option('--split <NAME>', 'Every task of this split.')
    .addOption(new Option('-n, --repeats <N>', 'Episodes a task.').argParser(integer(1)).default(1))
    .option('--group', 'One start for all repeats of a task.')
    .addOption(new Option('--seed <N>', 'What every seed is derived from.').argParser(integer(0)).default(0))
    .addOption(
      new Option(
        '--max-steps <N>',
        "Steps after which an episode is cut off (default: the environment's own limit, else 1000)",
      ).argParser(integer(1)),
    )
    .addOption(
      new Option('-c, --concurrency <N>', 'Episodes at a time.').argParser(integer(1, 4096)).default(8),
    )
    .optionsGroup('The run:')
    .option('-o, --out <DIR>', 'Its folder, which must not exist (default: runs/<time>-<env>-<policy>)')
    .option('--resume', 'Go on with the run in --out, or with the newest unfinished one of these settings.')
    .addOption(
      new Option('--success <X>', 'The score from which an episode counts as passed.')
        .argParser(number)
        .default(1),
    )
    .option('--json', 'Print the result as one JSON object, and nothing else.')
    .optionsGroup('Options:')
    .addHelpText('after', helpSections({ notes: MODEL_VARIABLES, examples }))
}
