import type { IncomingHttpHeaders } from 'node:http';
import { fetchedKeys, verifySovrin, verifyStandardWebhooks, verifyTyk } from '../../verify';

/**
 * What a receiver does with a request before it believes a word of it.
 *
 * @throws VerificationError when it is not genuine
 */
export type Verification = (request: {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}) => unknown;

export function byStandardWebhooks(secrets: string): Verification {
  return ({ headers, body }) => verifyStandardWebhooks({ headers, body, secrets });
}

/** Tyk's own signature says nothing about the time; the headers beside it do. */
export function byTyk(secrets: string): Verification {
  return ({ headers, body }) => {
    verifyTyk({ headers, body, secrets });
    return verifyStandardWebhooks({ headers, body, secrets });
  };
}

/** With the keys that the API publishes. */
export function bySovrin(apiUrl: string, registered: { webhookId: string; url: string }): Verification {
  const keys = fetchedKeys(`${apiUrl}/v1/webhooks/jwks`);
  const { host } = new URL(registered.url);
  return ({ method, path: url, headers, body }) =>
    verifySovrin({ method, url, headers, body, host, webhookIds: registered.webhookId, keys });
}
