import type { Secret } from './secret';
import type { ShownAuth, WebhookAuth } from './webhook';

/** What may be shown of it: never a secret. */
export function shownAuth(auth: WebhookAuth): ShownAuth {
  switch (auth.type) {
    case 'noauth':
      return { type: 'noauth' };
    case 'basic':
      return { type: 'basic', username: auth.username };
    case 'client_credential':
      return { type: 'client_credential', clientId: auth.clientId, tokenUrl: auth.tokenUrl };
  }
}

/** The one secret of it; null: it has none. */
export function secretOf(auth: WebhookAuth): Secret | null {
  switch (auth.type) {
    case 'noauth':
      return null;
    case 'basic':
      return auth.password;
    case 'client_credential':
      return auth.clientSecret;
  }
}
