import type { IncomingMessage } from 'node:http'

/**
 * The page that a person sees when an authorization request cannot be sent back to its app.
 *
 * @param error an OAuth error code, `invalid_client`
 * @returns HTML, with nothing of the request in it
 */
export type ErrorPage = (request: IncomingMessage, error: string) => string

export const errorPageHeaders = {
  'Content-Security-Policy': "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
} as const

/** Until the console has given its own. */
export const plainErrorPage: ErrorPage = (_request, error) => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Authorization</title></head>
<body>
<h1>This request cannot be answered</h1>
<p>The app that sent you here asked for something in a way that we do not take. Go back to it and begin again.</p>
<p><code>${/^[a-z_]{1,40}$/.test(error) ? error : 'error'}</code></p>
</body>
</html>
`
