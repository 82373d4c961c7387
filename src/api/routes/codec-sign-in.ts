import { z } from 'zod';
import type { Secret } from '../../domain/secret';
import { ApiError } from '../errors/api-error';
import type { AuthenticateOperator } from '../middleware/codec-access';
import { codecSession } from '../middleware/codec-session';
import { publicRoute, type Reply, type Route } from '../route';

/** Nothing but this page's own form. */
const contentSecurityPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/**
 * Where an operator's browser gets the cookie that the Web UI's requests to the codec carry ("Include cross-origin
 * credentials" in its codec settings).
 */
export function codecSignInRoutes(options: {
  token: Secret;
  authenticate: AuthenticateOperator;
  /** The browser has it for https only. */
  secure: boolean;
  now?: () => number;
}): Route[] {
  const { token, authenticate, secure, now = Date.now } = options;
  const session = codecSession(token);

  return [
    publicRoute({
      method: 'get',
      path: '/codec',
      hidden: true,
      tag: 'Operations',
      operationId: 'getCodecSignIn',
      summary: 'Asks for the codec token',
      responses: {},
      handle: () => page(200, form('')),
    }),

    publicRoute({
      method: 'post',
      path: '/codec/session',
      hidden: true,
      tag: 'Operations',
      operationId: 'openCodecSession',
      summary: 'Signs a browser in',
      form: z.object({ token: z.string() }),
      responses: {},
      async handle({ body, requestId, address }) {
        const authorization = `Bearer ${body.get('token') ?? ''}`;
        try {
          await authenticate({ headers: { authorization }, requestId, address });
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          return page(error.status, form('<p>That is not the token.</p>'));
        }
        const signedIn = page(200, '<p>Signed in for 12 hours. The Web UI can show payloads now.</p>');
        return { ...signedIn, headers: { ...signedIn.headers, 'Set-Cookie': session.open(now(), { secure }) } };
      },
    }),
  ];
}

const form = (before: string) => `${before}
    <form method="post" action="/codec/session">
      <label>CODEC_TOKEN <input type="password" name="token" autocomplete="off" required autofocus></label>
      <button>Sign in</button>
    </form>`;

function page(status: number, content: string): Reply {
  return {
    status,
    contentType: 'text/html; charset=utf-8',
    headers: { 'Content-Security-Policy': contentSecurityPolicy, 'Referrer-Policy': 'no-referrer' },
    body: `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>Everhook: payloads in Temporal's Web UI</title></head>
  <body style="font: 16px sans-serif; margin: 3em">
    <h1>Payloads in Temporal's Web UI</h1>
    ${content}
  </body>
</html>
`,
  };
}
