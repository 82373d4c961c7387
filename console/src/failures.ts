import { errorClasses, type ErrorClass } from '../../src/domain/delivery';
import type { Attempt } from './api-types';

/** Why an attempt failed, in words. */
export interface Explanation {
  /** As a heading: `The receiver answered 503`. */
  title: string;
  /** What happened. */
  meaning: string;
  /** What to do, the likeliest first. */
  todo: readonly string[];
}

/** Every error class; complete, or the console does not compile. */
export const explanations: Record<ErrorClass, Explanation> = {
  http_status: {
    title: 'The receiver answered with an error',
    meaning:
      'The request arrived, and the answer was not a 2xx. Redirects are not followed: they count as failures too.',
    todo: [
      'Read the answer below: most receivers say there what they did not like.',
      'Look for the event id in the logs of the receiver; it came as the header webhook-id.',
      'Mend the receiver, then deliver again.',
    ],
  },
  timeout: {
    title: 'The receiver took too long',
    meaning:
      'Not all of it, from looking up the name to the end of the answer, was done within the timeout of the webhook.',
    todo: [
      'Answer 2xx first, and do the work afterwards: put the event into a queue of your own.',
      'Check that the answer ends: a connection that stays open without an end counts as too slow.',
      'It may have been processed all the same: receivers tell duplicates by the event id.',
    ],
  },
  connect_error: {
    title: 'No connection to the receiver',
    meaning: 'The address was found, but nothing took the connection, or it was cut before an answer.',
    todo: [
      'Check that the receiver runs and listens on the port of the URL.',
      'Check its firewall and load balancer: requests come from the workers of Everhook.',
    ],
  },
  dns_error: {
    title: 'The name of the receiver leads nowhere',
    meaning: 'The host name of the URL has no address, or the resolver did not answer.',
    todo: [
      'Check the host name for typing mistakes, and that its DNS record still exists.',
      'Names of /etc/hosts are not used; operators can set resolvers with EGRESS_DNS_SERVERS.',
    ],
  },
  tls_error: {
    title: 'The certificate of the receiver is not accepted',
    meaning:
      'It is expired, for another name, from an unknown authority, or the receiver speaks only TLS older than 1.2.',
    todo: [
      'Renew the certificate, and serve it with its intermediate certificates.',
      'Check that it names the host of the URL.',
      'For an authority of your own, operators set NODE_EXTRA_CA_CERTS on the workers.',
    ],
  },
  protocol_error: {
    title: 'What came back is not HTTP',
    meaning:
      'The connection was made, but the answer is not HTTP/1.1, has headers that are too long, or ended in the middle.',
    todo: [
      'Check that the port is that of an HTTP server, and https:// is right for it.',
      'Look at what stands in front of the receiver: proxies that are restarted cut answers off.',
    ],
  },
  blocked_address: {
    title: 'The address is not allowed',
    meaning:
      'The name leads to a private, local or reserved address. Nothing was sent: this protects networks from forged requests.',
    todo: [
      'Use the public address of the receiver.',
      'For a receiver in your own network, operators allow its origin with EGRESS_ALLOW.',
    ],
  },
  auth_error: {
    title: 'No token for the receiver',
    meaning:
      'The webhook gets a token from its token URL before each delivery, and none was given. The receiver was not asked.',
    todo: [
      'Check the token URL, the client id and the client secret of the webhook.',
      'Set the secret again: it may have been changed or have expired at the other side.',
    ],
  },
};

const byStatus: readonly (readonly [from: number, to: number, title: string, todo: string])[] = [
  [300, 399, 'redirected the request', 'Register the URL that the redirect leads to: redirects are not followed.'],
  [
    401,
    403,
    'did not let the request in',
    'Check the authentication of the webhook, and that the receiver verifies with the right signing secret.',
  ],
  [404, 404, 'does not know the path', 'Check the path of the URL.'],
  [
    405,
    405,
    'takes no such request there',
    'Check the path of the URL: requests are POST unless the webhook says otherwise.',
  ],
  [410, 410, 'says it is gone', 'Register the new URL, or disable the webhook.'],
  [413, 413, 'finds the body too large', 'Raise the limit of the receiver: bodies are up to 256 KiB.'],
  [
    429,
    429,
    'asks to slow down',
    'It is tried again later, as its Retry-After says. Raise its limits if this happens often.',
  ],
  [500, 599, 'is broken or overloaded', 'Look into the logs of the receiver at the time of the attempt.'],
];

/** Why this attempt failed; null: it did not. */
export function explain({ errorClass, statusCode }: Pick<Attempt, 'errorClass' | 'statusCode'>): Explanation | null {
  if (errorClass === null) return null;
  const general = explanations[errorClass];
  if (errorClass !== 'http_status' || statusCode === null) return general;
  const known = byStatus.find(([from, to]) => statusCode >= from && statusCode <= to);
  if (!known) return { ...general, title: `The receiver answered ${statusCode}` };
  const [, , what, todo] = known;
  return { ...general, title: `The receiver ${what} (${statusCode})`, todo: [todo, ...general.todo.slice(1)] };
}

/** In few words, for lists. */
export const shortReasons: Record<ErrorClass, string> = {
  http_status: 'error answer',
  timeout: 'too slow',
  connect_error: 'no connection',
  dns_error: 'name not found',
  tls_error: 'certificate',
  protocol_error: 'not HTTP',
  blocked_address: 'address not allowed',
  auth_error: 'no token',
};

export { errorClasses };
