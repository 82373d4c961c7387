import { verify } from 'node:crypto';
import { keysOf, type Jwks, type KeySource } from './key-set';
import { checkDigest, coveredHeader, readMessageSignature, requestTarget, signatureBase } from './message-signature';
import { bytesOf, checkTime, type Clock, type ReceivedRequest } from './received-request';
import { VerificationError } from './verification-error';
import { readEvent, type VerifiedEvent } from './verified-event';

export interface SovrinRequest extends ReceivedRequest, Clock {
  method: string;
  /** The path and query as on the request line (`req.url`, Express: `req.originalUrl`), or all of the URL (Fetch). */
  url: string;
  /** Of the URL that you registered, with its port if it has one. A request for any other host is refused. */
  host: string;
  /**
   * The ids that your registrations got. Everhook's keys are those of all its tenants: another one could register your
   * URL too, and its requests would be signed just as well.
   */
  webhookIds: string | readonly string[];
  /** The key set as it was published, or `fetchedKeys(…)`. */
  keys: Jwks | KeySource;
}

/** Without any of these a signature would say too little about the request. */
const mustBeCovered = ['@method', '@request-target', 'content-digest', 'host'];

/**
 * Verifies a request of the sovrin contract by its HTTP Message Signature (Ed25519), and reads its event.
 *
 * @throws VerificationError when it is not genuine, too old, of another webhook, or when the keys can't be fetched
 * @throws TypeError for a body that was parsed, or a malformed `url`
 */
export async function verifySovrin(request: SovrinRequest): Promise<VerifiedEvent> {
  const { headers, keys } = request;
  const body = bytesOf(request.body);
  const components = new Map([
    ['@method', request.method.toUpperCase()],
    ['@request-target', requestTarget(request.url)],
    // Not the header: a proxy may have changed it, and who sends a stolen request can send the old one with it.
    ['host', request.host.toLowerCase()],
  ]);

  const signed = readMessageSignature(headers);
  const missing = mustBeCovered.filter((identifier) => !signed.covered.includes(identifier));
  if (missing.length > 0) {
    throw new VerificationError('incomplete_signature', `the signature does not cover ${missing.join(', ')}`);
  }
  checkTime(signed.created, request);
  checkDigest(headers, body);
  const base = signatureBase(signed, (name) => components.get(name) ?? coveredHeader(headers, name));
  const key = 'find' in keys ? await keys.find(signed.keyid) : keysOf(keys).get(signed.keyid);
  if (!key) throw new VerificationError('unknown_key', 'the signature is of a key that is not published');
  if (!verify(null, base, key, signed.signature)) {
    throw new VerificationError('signature_mismatch', 'the signature is not of this request');
  }
  return readSovrinEvent(body, new Date(signed.created * 1000), request.webhookIds);
}

function readSovrinEvent(bytes: Buffer, sentAt: Date, webhookIds: string | readonly string[]): VerifiedEvent {
  const event = readEvent(bytes, sentAt);
  const { webhookId, event: inner } = event.body;
  const id = typeof inner === 'object' && inner !== null && 'id' in inner ? inner.id : undefined;
  if (typeof id !== 'string') throw new VerificationError('malformed_body', 'the event has no id');
  const own: readonly unknown[] = typeof webhookIds === 'string' ? [webhookIds] : webhookIds;
  if (!own.includes(webhookId)) throw new VerificationError('wrong_webhook', 'the request is of another webhook');
  return { id, ...event };
}
