import { createHmac, randomBytes } from 'node:crypto';
import { Secret } from '../secret';

const prefix = 'whsec_';

/** A webhook's new signing secret: `whsec_` and the base64 of 32 random bytes (the specification asks for 24 to 64). */
export function newSigningSecret(): Secret {
  return new Secret(prefix + randomBytes(32).toString('base64'));
}

export interface StandardWebhooksInput {
  /** Goes out as `webhook-id`: the same for every attempt, the receiver's dedupe key. */
  eventId: string;
  /** When this attempt starts, not when the event happened: receivers refuse old ones as replays. */
  timestamp: Date;
  /** Exactly the bytes that are sent. */
  body: Buffer;
  /** The current secret first, then those still in their grace period. */
  secrets: readonly Secret[];
}

/**
 * The three headers of Standard Webhooks 1.0.0 with one `v1` signature (HMAC-SHA256) a secret, in the order given,
 * so that a receiver holding any of them can verify.
 *
 * @throws RangeError for no secret, a secret not made by {@link newSigningSecret}, or an event id with a full stop
 */
export function standardWebhooksHeaders(input: StandardWebhooksInput): Record<string, string> {
  // A full stop would let id and timestamp be read in two ways from the same signed text.
  if (input.eventId === '' || input.eventId.includes('.')) throw new RangeError('event id is empty or has a full stop');
  if (input.secrets.length === 0) throw new RangeError('no signing secret');

  const timestamp = Math.floor(input.timestamp.getTime() / 1000).toString();
  const head = `${input.eventId}.${timestamp}.`;
  const signatures = input.secrets.map(
    (secret) => `v1,${createHmac('sha256', signingKey(secret)).update(head).update(input.body).digest('base64')}`,
  );
  return {
    'webhook-id': input.eventId,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}

/** The HMAC key is what the base64 after `whsec_` stands for, not the text. */
function signingKey(secret: Secret): Buffer {
  const text = secret.reveal();
  const key = Buffer.from(text.slice(prefix.length), 'base64');
  // Node decodes junk to nothing, and an HMAC with an empty key is one that anybody can make.
  if (!text.startsWith(prefix) || key.length < 24) throw new RangeError('a signing secret is malformed');
  return key;
}
