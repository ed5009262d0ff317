import { describe, expect, it } from 'vitest'
import { folder } from '../../test/folder.ts'
import { readTree } from './tree.ts'

const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----\n'
const SECRET = [
  ...[
    '.env',
    '.env.local',
    '.envrc',
    'prod.env',
    'env.local',
    '.netrc',
    '_netrc',
    '.npmrc',
    '.pypirc',
    '.pgpass',
  ],
  ...[
    '.my.cnf',
    '.htpasswd',
    '.vault-token',
    '.git-credentials',
    '.dockercfg',
    'credentials',
    'credentials.json',
  ],
  ...[
    'credentials.yaml',
    'Credentials.TOML',
    'application_default_credentials.json',
    'client_secret_12.json',
  ],
  ...[
    'service-account.json',
    'service_account_prod.json',
    'kaggle.json',
    'secret.txt',
    'secrets.yaml',
    'my_secret.json',
  ],
  ...[
    'server.pem',
    'server.key',
    'a.p12',
    'a.pfx',
    'a.ppk',
    'keystore.jks',
    'terraform.tfstate',
    'prod.tfvars',
  ],
  ...['id_rsa', 'id_ed25519.pub', 'deploy_rsa', 'kubeconfig', '.s3cfg'],
]
const FOLDERS = [
  '.ssh/known',
  '.aws/config',
  '.docker/config.json',
  '.kube/config',
  '.huggingface/token',
  '.config/gcloud/x',
]
const KEPT = [
  'env.py',
  'keys.py',
  'tokenizer.json',
  'environment.yaml',
  'data/answers.json',
  'passwords.md',
  'key_facts.txt',
]

describe('what may hold secrets', () => {
  it('is left out and listed, by its name [IM-9]', () => {
    using place = folder(Object.fromEntries([...SECRET, ...FOLDERS, ...KEPT].map((path) => [path, 'x'])))
    const { files, leftOut } = readTree(place.path)
    expect(files.map(({ path }) => path)).toEqual([...KEPT].sort())
    const folders = FOLDERS.map((path) => path.slice(0, path.lastIndexOf('/') + 1))
    expect(leftOut).toEqual([...SECRET, ...folders].sort().map((path) => ({ path, why: 'may hold secrets' })))
  })

  it.each([
    KEY,
    '-----BEGIN PRIVATE KEY-----\n',
    '-----BEGIN RSA PRIVATE KEY-----\n',
    '-----BEGIN ENCRYPTED PRIVATE KEY-----\n',
    '-----BEGIN PGP PRIVATE KEY BLOCK-----\n',
    'PuTTY-User-Key-File-3: ssh-ed25519\n',
    `Bag Attributes\n    friendlyName: me\n${KEY}`,
    `\uFEFF${KEY}`,
  ])('is left out by what it holds, whatever it is called: %j', (content) => {
    using place = folder({ 'notes.txt': content, deploy: content, 'data/a.bin': content, 'a.py': '# key\n' })
    const { files, leftOut } = readTree(place.path)
    expect(files.map(({ path }) => path)).toEqual(['a.py'])
    expect(leftOut.map(({ why }) => why)).toEqual(Array(3).fill('holds a private key'))
  })
})

describe('build output', () => {
  it('is left out, but for what a line of .openenvignore takes along', () => {
    const files = { 'build/data.csv': '', 'dist/a.whl': '', 'env.py': '' }
    using left = folder(files)
    expect(readTree(left.path).files.map(({ path }) => path)).toEqual(['env.py'])
    using taken = folder({ ...files, '.openenvignore': '!build/\n!.env\n', '.env': 'KEY=1' })
    expect(readTree(taken.path).files.map(({ path }) => path)).toEqual([
      '.openenvignore',
      'build/data.csv',
      'env.py',
    ])
  })
})
