/** What any program needs to find its way: where it is, whose home and which language it has, and how it gets to the network. */
const ORDINARY = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_\\w+', 'TZ', 'TMPDIR', 'TMP', 'TEMP'],
  ...['XDG_(?:CACHE|CONFIG|DATA|STATE|RUNTIME)_(?:HOME|DIR)'],
  ...['https?_proxy', 'no_proxy', 'all_proxy'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'],
]
/** Which package index the user has chosen for uv and pip, and how they get there. */
const INDEX = [
  ...['UV_INDEX\\w*', 'UV_DEFAULT_INDEX', 'UV_EXTRA_INDEX_URL', 'UV_NO_INDEX', 'UV_FIND_LINKS'],
  ...['UV_INSECURE_HOST', 'UV_KEYRING_PROVIDER', 'UV_SYSTEM_CERTS', 'UV_NATIVE_TLS', 'UV_OFFLINE'],
  ...['UV_HTTP_\\w+', 'UV_REQUEST_TIMEOUT', 'UV_CONCURRENT_\\w+', 'UV_EXCLUDE_NEWER', 'UV_TORCH_BACKEND'],
  ...['UV_CACHE_DIR', 'UV_NO_CACHE', 'UV_LINK_MODE', 'UV_PYTHON_(?:INSTALL_DIR|DOWNLOADS|PREFERENCE)'],
  ...['PIP_(?:INDEX_URL|EXTRA_INDEX_URL|NO_INDEX|FIND_LINKS|TRUSTED_HOST|KEYRING_PROVIDER)'],
  ...['PIP_(?:CERT|CLIENT_CERT|PROXY|TIMEOUT|DEFAULT_TIMEOUT|RETRIES|CACHE_DIR|NO_CACHE_DIR)'],
  'PIP_DISABLE_PIP_VERSION_CHECK',
]
const ALLOWED = new RegExp(`^(?:${[...ORDINARY, ...INDEX].join('|')})$`, 'i')

/**
 * What the installers of Python packages (uv, pip, `venv`) get of an environment: an allow list, so that no token, cloud
 * key, `LD_*`, `PYTHON*` or `NODE_OPTIONS` reaches them, nor the build of a package that they start.
 *
 * @param env - As a rule `process.env`.
 */
export function installerEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && ALLOWED.test(name)) kept[name] = value
  return kept
}
