import type { AnyEnvironment } from '@openenv-ts/core'
import { html, type Html } from '../http/html.ts'
import { PAGE } from '../http/operation.ts'
import { page } from '../http/page.ts'
import type { Route, Visit } from '../http/route.ts'
import type { WayIn } from './ways-in.ts'

/** An environment as a page shows it. */
type Shown = Pick<AnyEnvironment, 'name' | 'description' | 'version'>

/** `/`, and `/web` where Spaces look: what a server is and how to connect, for people. */
export function homeRoutes(environment: Shown, ways: (base: string) => readonly WayIn[]): readonly Route[] {
  const { name, description, version } = environment
  return atBoth('Shows what is served, and how to connect', ({ base, sees }) => {
    const shown = plainAddress(base)
    const found = ways(shown)
    const body = html`<h1>${name}</h1>
      <p><small>version ${version}</small></p>
      <p>${description}</p>
      ${found.length === 0 ? '' : OPENING} ${found.filter(({ plane }) => sees(plane)).map(wayShown)}
      <h2>About it</h2>
      <pre>${shown}/docs</pre>
      <pre>${shown}/schema</pre>
      <pre>${shown}/openapi.json</pre>
      ${PLANE}`
    return page(name, body)
  })
}

/** The same for the root of several environments. */
export function listingRoutes(environments: readonly Shown[]): readonly Route[] {
  return atBoth('Lists the environments that are served', ({ base }) => {
    const shown = plainAddress(base)
    const body = html`<h1>An OpenEnv server</h1>
      <p>It serves several environments in which agents are trained and evaluated. Each is below its name:</p>
      ${environments.map(
        ({ name, description }) =>
          html`<h2>${name}</h2>
            <p>${description}</p>
            <p><a href="${shown}/${name}">${shown}/${name}</a></p> `,
      )}
      ${PLANE}`
    return page('An OpenEnv server', body)
  })
}

const OPENING = html`<p>
  This is an OpenEnv server: an environment in which agents are trained and evaluated. Its ways in:
</p>`

const PLANE = html`<footer>
  This page is on the plane <code>about</code>: with tokens set, any of them opens it, and it lists what that
  token may use.
</footer>`

function atBoth(summary: string, show: (visit: Visit) => Promise<Response>): readonly Route[] {
  return ['/', '/web'].map((path) => ({
    method: 'GET',
    path,
    plane: 'about',
    page: true,
    summary,
    operation: { answers: { 200: PAGE } },
    handle: (_request, _parameters, visit) => show(visit),
  }))
}

function wayShown({ protocol, url, plane, lines }: WayIn): Html {
  return html`<h2>${protocol} <small>${plane}</small></h2>
    <p><code>${url}</code></p>
    ${lines.map(
      ([label, line]) =>
        html`<small>${label}</small>
          <pre>${line}</pre>`,
    )} `
}

/** People copy what they see into a shell, so an address that a request made up is not shown. */
function plainAddress(base: string): string {
  return /^https?:\/\/[\w.:[\]-]+(?:\/[\w./~-]*)?$/.test(base) ? base : 'http://ADDRESS'
}
