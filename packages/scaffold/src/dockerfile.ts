import { OWN_VERSION } from './versions.ts'

/** What an image needs beside Node. */
export interface ImagePlan {
  readonly port: number
  /** A Python version, for example `3.11`; absent where the environment needs no Python. */
  readonly python?: string
}

/** The uv that images install Python with. */
const UV_IMAGE = 'ghcr.io/astral-sh/uv:0.13.8'

/** Makes the virtual environment part of the image, as the user who will run it. */
const INSTALLED = [
  'RUN chown -R node:node /app',
  'USER node',
  '# Installs the Python packages; those without a wheel are built here, in the image. A source that cannot be loaded',
  '# here, without its secrets, is loaded at the start.',
  'RUN npx openenv info . --build > /dev/null || true',
]

/** The Dockerfile of an environment package: installs it with the command, and serves it to the outside of the container. */
export function dockerfile({ port, python }: ImagePlan): string {
  const install = `npm install --omit=dev --save-prod --no-audit --no-fund @openenv-ts/cli@^${OWN_VERSION}`
  const lines = [
    'FROM node:22-bookworm-slim',
    ...(python === undefined ? [] : pythonOf(python)),
    'WORKDIR /app',
    'COPY package.json ./',
    `RUN ${install}`,
    'COPY . .',
    ...(python === undefined ? ['USER node'] : INSTALLED),
    `EXPOSE ${String(port)}`,
    'HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \\',
    `  CMD ["node", "-e", "fetch('http://127.0.0.1:${String(port)}/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]`,
    '# Whoever reaches the port may use it, unless OPENENV_CONTROL_TOKEN is set.',
    '# Not by npx: it would keep the signal that ends the container, and no episode would be closed.',
    `CMD ["node_modules/.bin/openenv", "serve", ".", "--host", "0.0.0.0", "--port", "${String(port)}"]`,
  ]
  return `${lines.join('\n')}\n`
}

function pythonOf(version: string): readonly string[] {
  return [
    `COPY --from=${UV_IMAGE} /uv /uvx /usr/local/bin/`,
    'ENV UV_PYTHON_INSTALL_DIR=/opt/python UV_PYTHON_BIN_DIR=/usr/local/bin',
    `RUN uv python install ${version}`,
  ]
}
