/** Why something of a source is not taken along. */
export interface LeftOut {
  /** Relative to the source, `/` between names; ends in `/` for a directory, which stands for all in it. */
  readonly path: string
  readonly why: string
}

const VERSION_CONTROL = new Set(['.git', '.hg', '.svn', '.bzr', '.jj', '.pijul', '_darcs', 'cvs', '.fossil'])
const VIRTUAL_ENVIRONMENTS = new Set(['.venv', 'venv', '.virtualenv', 'virtualenv'])
const CACHES = new Set([
  ...[
    '__pycache__',
    '.cache',
    '.pytest_cache',
    '.mypy_cache',
    '.ruff_cache',
    '.pytype',
    '.pyre',
    '.hypothesis',
  ],
  ...['.tox', '.nox', '.ipynb_checkpoints', '.uv-cache', '__pypackages__'],
])
/** Why a folder of build output is left out. */
export const BUILD = 'build output'
const BUILD_OUTPUT = new Set(['build', 'dist', 'sdist', '.eggs', 'develop-eggs', 'htmlcov'])
const KEY_FOLDERS = new Set([
  ...['.ssh', '.aws', '.azure', '.gnupg', '.gcloud', '.docker', '.kube', '.huggingface', '.password-store'],
  ...['.terraform', '.vault', '.oci', '.config/gcloud'],
])

const COMPILED = /\.(?:py[cod]|so|dylib|dll|o|obj|a|lib|class|egg|whl)$|\.so\.\d[\d.]*$/
const SECRET_NAMES = [
  /^\.env(?:\..*|rc)?$/,
  /\.env$/,
  /^env\.(?:local|prod|production|dev|development|staging|test)$/,
  /^[._]netrc$/,
  /^\.?credentials(?:\.(?:json|ya?ml|toml|ini|cfg|txt|csv|db))?$/,
  /^(?:application_default_credentials|client_secrets?|service[-_]?account|gcp[-_]?key)[^/]*\.json$/,
  /^(?:kaggle|tokens?)\.json$/,
  /^\.?secrets?(?:\..*)?$/,
  /[-_.]secrets?\./,
  /\.(?:pem|key|p12|pfx|p8|pk8|ppk|jks|keystore|kdbx?|asc|gpg|ovpn|tfstate|tfvars)$/,
  /\.tfstate\.backup$/,
  /^id_(?:rsa|ed25519|ecdsa|dsa)/,
  /_(?:rsa|ed25519|ecdsa|dsa)$/,
  /^\.(?:pypirc|git-credentials|npmrc|yarnrc\.yml|dockercfg|dockerconfigjson|pgpass|my\.cnf|mylogin\.cnf|htpasswd)$/,
  /^\.(?:vault[-_]token|s3cfg|boto|authinfo|terraformrc|wandb_api_key|hf_token)$/,
  /^(?:kubeconfig|htpasswd|\.?bash_history|\.?zsh_history|\.?python_history)$/,
]
/** How a private key begins, in any of its forms, whatever the file is called. */
const PRIVATE_KEY =
  /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|^PuTTY-User-Key-File-\d|^AGE-SECRET-KEY-1/m
/** As much of a file as is looked at for one. */
export const FIRST_BYTES = 4096

/** Why a file is not taken along for how it begins; null where it is. */
export function whyNotContent(beginning: Uint8Array): string | null {
  return PRIVATE_KEY.test(Buffer.from(beginning).toString('latin1')) ? 'holds a private key' : null
}

/** Reasons to leave out what programs make beside a source: it comes and goes while the source stays the same. */
export const MADE_BY_MACHINES: ReadonlySet<string> = new Set([
  'version control',
  'a virtual environment',
  'a cache',
  'installed packages',
  BUILD,
  'compiled',
])

/** Why a directory of this name is never part of a source; null where it is. */
export function whyNotDirectory(directory: string, above: string): string | null {
  const name = directory.toLowerCase()
  if (VERSION_CONTROL.has(name)) return 'version control'
  if (VIRTUAL_ENVIRONMENTS.has(name)) return 'a virtual environment'
  if (CACHES.has(name)) return 'a cache'
  if (name === 'node_modules') return 'installed packages'
  if (BUILD_OUTPUT.has(name) || name.endsWith('.egg-info')) return BUILD
  if (KEY_FOLDERS.has(name) || KEY_FOLDERS.has(`${above.toLowerCase()}/${name}`) || isSecretName(name))
    return 'may hold secrets'
  return null
}

/** Why a file of this name is never taken along; null where it is. */
export function whyNotFile(file: string): string | null {
  const name = file.toLowerCase()
  // What git writes where a checkout is a worktree or a submodule.
  if (name === '.git') return 'version control'
  if (isSecretName(name)) return 'may hold secrets'
  if (COMPILED.test(name)) return 'compiled'
  return null
}

/** The files whose presence makes a directory a virtual environment, whatever its name. */
export const ENVIRONMENT_MARKERS: ReadonlySet<string> = new Set(['pyvenv.cfg', 'conda-meta'])

function isSecretName(name: string): boolean {
  return SECRET_NAMES.some((pattern) => pattern.test(name))
}
