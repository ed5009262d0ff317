import { expect, it } from 'vitest'
import { installerEnvironment } from './installer-environment.ts'

const SECRET = [
  ...['OPENENV_CONTROL_TOKEN', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE', 'GOOGLE_APPLICATION_CREDENTIALS'],
  ...['AZURE_CLIENT_SECRET', 'GITHUB_TOKEN', 'GH_TOKEN', 'NPM_TOKEN', 'HF_TOKEN', 'OPENAI_API_KEY'],
  ...['SSH_AUTH_SOCK', 'UV_PUBLISH_TOKEN', 'UV_PUBLISH_PASSWORD', 'PIP_CONFIG_FILE', 'UV_OVERRIDE'],
  ...[
    'NODE_OPTIONS',
    'LD_PRELOAD',
    'LD_LIBRARY_PATH',
    'DYLD_INSERT_LIBRARIES',
    'PYTHONPATH',
    'PYTHONSTARTUP',
  ],
  ...['XPATH', 'PATH_TO_KEY', 'MY_PASSWORD', 'VIRTUAL_ENV', 'CC', 'CFLAGS'],
]
const NEEDED = [
  ...['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL', 'HTTPS_PROXY', 'no_proxy', 'SSL_CERT_FILE'],
  ...['REQUESTS_CA_BUNDLE', 'UV_INDEX_URL', 'UV_DEFAULT_INDEX', 'UV_CACHE_DIR', 'PIP_INDEX_URL', 'PIP_CERT'],
]

it('gives installers what they need to find their way and the index, and nothing else [IM-30]', () => {
  const env = Object.fromEntries([...SECRET, ...NEEDED].map((name) => [name, `value of ${name}`]))
  expect(Object.keys(installerEnvironment(env)).sort()).toEqual([...NEEDED].sort())
  expect(installerEnvironment({ PATH: undefined })).toEqual({})
})
