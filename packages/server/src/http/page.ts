import { html, type Html } from './html.ts'

const STYLE = `:root{color-scheme:light dark;--faint:#8888881f;--line:#88888866}
body{font:16px/1.5 system-ui,sans-serif;max-width:54rem;margin:2rem auto;padding:0 1rem}
h1{margin-bottom:0}h2{margin:2rem 0 .5rem;font-size:1.15rem}
pre{background:var(--faint);padding:.6rem .8rem;overflow:auto;user-select:all;margin:.3rem 0}
code,pre{font:14px/1.5 ui-monospace,monospace}
summary{cursor:pointer;padding:.3rem 0;border-bottom:1px solid var(--line)}
small,footer{opacity:.75}footer{margin-top:3rem}b code{font-weight:700}`

/** A page needs its own style and nothing else: no script, no other site, no form. */
const policy = styleHash().then((hash) =>
  [`default-src 'none'`, `style-src '${hash}'`, `base-uri 'none'`, `form-action 'none'`].join('; '),
)

async function styleHash(): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(STYLE))
  return `sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`
}

/** A page for people, written on the server. */
export async function page(
  title: string,
  body: Html,
  init: { readonly status?: number; readonly headers?: Headers } = {},
): Promise<Response> {
  const document = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>STYLE</style>
<body>
${body}
</html>
`
  const headers = new Headers(init.headers)
  headers.set('content-type', 'text/html; charset=utf-8')
  headers.set('content-security-policy', await policy)
  headers.set('x-content-type-options', 'nosniff')
  headers.set('referrer-policy', 'no-referrer')
  return new Response(
    document.text.replace('STYLE', () => STYLE),
    { status: init.status ?? 200, headers },
  )
}

/** A refusal, as a page that reveals nothing. */
export function refusalPage({ status, headers }: Response): Promise<Response> {
  const body = html`<h1>An OpenEnv server</h1>
    <p>It wants a token, which a browser's address bar cannot send. Ask with one:</p>
    <pre>curl -H "Authorization: Bearer $TOKEN" ADDRESS/metadata</pre>
    <p>
      or give a client the option <code>token</code>. Whether the server is up is at <code>health</code>.
    </p>`
  return page('An OpenEnv server', body, { status, headers })
}
