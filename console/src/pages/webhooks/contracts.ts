import type { Contract, Webhook } from './types';

/** What the console says of a contract, and who may change what its webhooks are registered with. */
interface ContractText {
  name: string;
  /** Most retries and the longest timeout that it allows. */
  maxRetries: number;
  maxTimeoutMs: number;
  /** Why the URL, the authentication and the rest of the registration can't be changed here, and where they can be. */
  fixed: string;
}

const registerAnew = 'register a webhook with the new values, and delete this one.';

export const contractTexts: Record<Contract, ContractText> = {
  everhook: {
    name: 'Everhook',
    maxRetries: 10,
    maxTimeoutMs: 3000,
    fixed: `A signing secret belongs to one receiver. To send to another one, ${registerAnew}`,
  },
  sovrin: {
    name: 'Sovrin',
    maxRetries: 3,
    maxTimeoutMs: 3000,
    fixed: 'The URL belongs to the Sovrin contract, which replaces registrations as a whole: PUT /v1/webhooks/{id}.',
  },
  iceye: {
    name: 'ICEYE',
    maxRetries: 10,
    maxTimeoutMs: 3000,
    fixed: `The ICEYE contract has no call that changes a registration. Instead, ${registerAnew}`,
  },
  celcoin: {
    name: 'Celcoin',
    maxRetries: 10,
    maxTimeoutMs: 3000,
    fixed: `The Celcoin contract has no call that changes a registration. Instead, ${registerAnew}`,
  },
  tyk: {
    name: 'Tyk',
    maxRetries: 10,
    maxTimeoutMs: 60_000,
    fixed: 'The URL and the method belong to the Tyk contract, and are changed by PUT /portal-api/webhooks/{ID}.',
  },
};

export const authTexts = {
  noauth: 'None',
  basic: 'Basic authentication',
  client_credential: 'OAuth 2.0 client credentials',
} as const;

/** Error classes as one says them in a sentence. */
export const errorTexts = {
  http_status: 'answered with an error',
  timeout: 'did not answer in time',
  connect_error: 'could not be connected to',
  dns_error: 'its name has no address',
  tls_error: 'TLS failed',
  protocol_error: 'broke HTTP',
  blocked_address: 'leads to a private address',
  auth_error: 'its token endpoint refused',
} as const;

/** What people call it: its description, else what it gets. Only Everhook's own contract has descriptions. */
export function nameOf({ description, events, targetUrl }: Webhook): string {
  const [first, ...more] = events;
  if (description) return description;
  if (first === undefined) return new URL(targetUrl).host;
  if (first === '*') return `Every event, to ${new URL(targetUrl).host}`;
  return more.length === 0 ? first : `${first} and ${more.length} more`;
}
