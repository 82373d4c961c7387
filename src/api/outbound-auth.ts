import type { z } from 'zod';
import { Secret } from '../domain/secret';
import type { WebhookAuth } from '../domain/webhook';
import type { webhookAuth } from './schemas/webhook';

/**
 * How a webhook authenticates at its receiver, from the `auth` of a registration.
 * @param auth null or absent: not at all
 * @param acceptUrl judges the token URL, which stands at `at` in the body
 * @throws what `acceptUrl` throws
 */
export function toWebhookAuth(
  auth: z.infer<typeof webhookAuth> | null | undefined,
  acceptUrl: (raw: string, at: string[]) => string,
): WebhookAuth {
  switch (auth?.type) {
    case undefined:
    case 'noauth':
      return { type: 'noauth' };
    case 'basic':
      return { ...auth, password: new Secret(auth.password) };
    case 'client_credential':
      return {
        type: auth.type,
        clientId: auth.clientID,
        clientSecret: new Secret(auth.clientSecret),
        tokenUrl: acceptUrl(auth.tokenURL, ['auth', 'tokenURL']),
      };
  }
}
