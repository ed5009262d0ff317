/** What becomes of the environment variables that a source reads. */
export interface VariablePlan {
  /** Passed on: what holds no secret by its name. */
  readonly passed: readonly string[]
  /** Keys, tokens and the like: passed on once the author has put them into the wrapper. */
  readonly held: readonly string[]
  /** What is never passed on by an import: this project's own tokens, cloud keys, what changes how programs start. */
  readonly refused: readonly string[]
}

/** What steers a program before its own code runs, and what belongs to other programs than a Python environment. */
const REFUSED = new RegExp(
  `^(?:${[
    ...[
      'OPENENV_\\w*',
      'LD_\\w+',
      'DYLD_\\w+',
      'PYTHON\\w*',
      'NODE_\\w+',
      'NPM_\\w+',
      'BASH_\\w+',
      'ENV',
      'IFS',
    ],
    ...[
      'GLIBC_\\w+',
      'MALLOC_\\w+',
      'GCONV_PATH',
      'PERL5\\w+',
      'RUBY\\w+',
      'JAVA_TOOL_OPTIONS',
      '_JAVA_OPTIONS',
    ],
    ...[
      'AWS_\\w+',
      'AZURE_\\w+',
      'ARM_\\w+',
      'GOOGLE_\\w+',
      'GCLOUD_\\w+',
      'GCP_\\w+',
      'CLOUDSDK_\\w+',
      'OCI_\\w+',
    ],
    ...['ALIBABA_\\w+', 'DIGITALOCEAN_\\w+', 'CLOUDFLARE_\\w+', 'VAULT_\\w+', 'KUBE\\w+', 'DOCKER_\\w+'],
    ...['GITHUB_\\w+', 'GH_\\w+', 'GITLAB_\\w+', 'BITBUCKET_\\w+', 'CI_\\w+', 'ACTIONS_\\w+', 'GIT_\\w+'],
    ...['SSH_\\w+', 'GPG_\\w+', 'GNUPG\\w+', 'SUDO_\\w+', 'DBUS_\\w+', 'UV_\\w+', 'PIP_\\w+', 'TWINE_\\w+'],
  ].join('|')})$`,
  'i',
)
/** What may hold a secret, by its name: an address may carry a password, but for those of an endpoint. */
const HELD =
  /KEY|TOKEN|SECRET|PASS|PWD|CRED|AUTH|COOKIE|SESSION|PRIVATE|CERT|DSN|WEBHOOK|LOGIN|CONNECTION|(?<!(?:^|_)BASE_|ENDPOINT_|API_)UR[LI]$|PROXY|NETRC/i

/** Sorts the variables that a source reads by what they may hold. */
export function variablePlan(names: readonly string[]): VariablePlan {
  const of = (kind: keyof VariablePlan): readonly string[] =>
    [...new Set(names)].filter((name) => kindOf(name) === kind).sort()
  return { passed: of('passed'), held: of('held'), refused: of('refused') }
}

function kindOf(name: string): keyof VariablePlan {
  if (REFUSED.test(name)) return 'refused'
  return HELD.test(name) ? 'held' : 'passed'
}
