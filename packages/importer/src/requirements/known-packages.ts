/**
 * Packages of the index by the name under which they are imported, where a source names none itself [IM-8].
 *
 * Each was there on 2026-11-20. Two traps of that day: `import ors` is the package `ors-sdk` (the package `ors` is a client for
 * maps that has the same import name), and `openrewardstandard` is no package.
 */
export const KNOWN_PACKAGES: Readonly<Record<string, string>> = {
  PIL: 'pillow',
  aiohttp: 'aiohttp',
  anthropic: 'anthropic',
  bs4: 'beautifulsoup4',
  chess: 'chess',
  cv2: 'opencv-python',
  datasets: 'datasets',
  dateutil: 'python-dateutil',
  dotenv: 'python-dotenv',
  duckdb: 'duckdb',
  faker: 'faker',
  gymnasium: 'gymnasium',
  httpx: 'httpx',
  huggingface_hub: 'huggingface-hub',
  jinja2: 'jinja2',
  jsonschema: 'jsonschema',
  Levenshtein: 'levenshtein',
  lxml: 'lxml',
  math_verify: 'math-verify',
  matplotlib: 'matplotlib',
  networkx: 'networkx',
  nltk: 'nltk',
  numpy: 'numpy',
  openai: 'openai',
  openreward: 'openreward',
  orjson: 'orjson',
  ors: 'ors-sdk',
  pandas: 'pandas',
  polars: 'polars',
  pyarrow: 'pyarrow',
  pydantic: 'pydantic',
  rapidfuzz: 'rapidfuzz',
  reasoning_gym: 'reasoning-gym',
  regex: 'regex',
  requests: 'requests',
  rich: 'rich',
  scipy: 'scipy',
  sklearn: 'scikit-learn',
  sqlalchemy: 'sqlalchemy',
  structlog: 'structlog',
  sympy: 'sympy',
  tenacity: 'tenacity',
  textarena: 'textarena',
  tiktoken: 'tiktoken',
  torch: 'torch',
  tqdm: 'tqdm',
  transformers: 'transformers',
  verifiers: 'verifiers',
  yaml: 'pyyaml',
}

/** Names that are no package, or another one, with what to say of them. */
export const TRAPS: Readonly<Record<string, string>> = {
  ors: 'The package "ors" is a client for maps that has the same import name: ors-sdk is taken in its place.',
  openrewardstandard: 'There is no package "openrewardstandard" (looked for on 2026-11-20): it is left out.',
}
