import { OWN_VERSION } from './versions.ts'

/** What an image needs beside Node. */
export interface ImagePlan {
  readonly port: number
  /** A Python version specifier; absent where the environment needs no Python. */
  readonly python?: string
}

/** The uv that images install Python with. */
const UV_IMAGE = 'ghcr.io/astral-sh/uv:0.13.8'

/** The Dockerfile of an environment package: installs it with the command, and serves it to the outside of the container. */
export function dockerfile({ port, python }: ImagePlan): string {
  const install = `npm install --omit=dev --no-audit --no-fund @openenv-ts/cli@^${OWN_VERSION}`
  const lines = [
    'FROM node:22-bookworm-slim',
    ...(python === undefined ? [] : [...pythonOf(python)]),
    'WORKDIR /app',
    'COPY package.json ./',
    `RUN ${install}`,
    'COPY . .',
    // The packages of Python are installed where they are used, and that is not as root.
    ...(python === undefined ? [] : ['RUN chown -R node:node /app']),
    'USER node',
    ...(python === undefined
      ? []
      : [
          '# The virtual environment becomes part of the image, so that a container starts in seconds.',
        ].concat('RUN npx openenv info . > /dev/null')),
    `EXPOSE ${String(port)}`,
    'HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \\',
    `  CMD ["node", "-e", "fetch('http://127.0.0.1:${String(port)}/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]`,
    '# Whoever reaches the port may use it, unless OPENENV_CONTROL_TOKEN is set.',
    `CMD ["npx", "openenv", "serve", ".", "--host", "0.0.0.0", "--port", "${String(port)}"]`,
  ]
  return `${lines.join('\n')}\n`
}

function pythonOf(requires: string): readonly string[] {
  return [
    `COPY --from=${UV_IMAGE} /uv /uvx /usr/local/bin/`,
    'ENV UV_PYTHON_INSTALL_DIR=/opt/python',
    // In quotes: a specifier has < and >.
    `RUN uv python install '${requires.replaceAll("'", '')}'`,
  ]
}
