import { createHmac, timingSafeEqual } from 'node:crypto';
import { bytesOf, checkTime, requiredHeader, type Clock, type ReceivedRequest } from './received-request';
import { VerificationError } from './verification-error';
import { readEvent, type VerifiedEvent } from './verified-event';

/** One secret, or during a rotation several. Each as it was shown: `whsec_…` */
export type Secrets = string | readonly string[];

export interface StandardWebhooksRequest extends ReceivedRequest, Clock {
  secrets: Secrets;
}

/**
 * Verifies a request of any contract by its Standard Webhooks headers, and reads its event.
 *
 * @throws VerificationError when it is not genuine, or too old
 * @throws RangeError for no secret or a malformed one; TypeError for a body that was parsed
 */
export function verifyStandardWebhooks(request: StandardWebhooksRequest): VerifiedEvent {
  const { id, sentAt } = verifyStandardWebhooksSignature(request);
  return { id, ...readEvent(bytesOf(request.body), sentAt) };
}

/**
 * The same for a body that needs not be an event: only the signature and its time.
 *
 * @throws as {@link verifyStandardWebhooks}
 */
export function verifyStandardWebhooksSignature(request: StandardWebhooksRequest): { id: string; sentAt: Date } {
  const { headers, secrets } = request;
  const keys = listOf(secrets).map(keyOf);
  const body = bytesOf(request.body);
  const id = requiredHeader(headers, 'webhook-id');
  const timestamp = requiredHeader(headers, 'webhook-timestamp');
  const signatures = signaturesIn(requiredHeader(headers, 'webhook-signature'));

  if (!/^\d{1,12}$/.test(timestamp)) throw new VerificationError('malformed_header', 'webhook-timestamp is no number');
  checkTime(Number(timestamp), request);
  const head = `${id}.${timestamp}.`;
  const expected = keys.map((key) => createHmac('sha256', key).update(head).update(body).digest());
  if (!expected.some((one) => signatures.some((given) => given.length === one.length && timingSafeEqual(given, one)))) {
    throw new VerificationError('signature_mismatch', 'no webhook-signature is of a secret given');
  }
  return { id, sentAt: new Date(Number(timestamp) * 1000) };
}

/** @throws RangeError when there is none: everything would be refused, which looks like an attack */
export function listOf(secrets: Secrets): readonly string[] {
  const list = typeof secrets === 'string' ? [secrets] : secrets;
  if (list.length === 0) throw new RangeError('no secret to verify with');
  return list;
}

const prefix = 'whsec_';
/** The specification asks for 24 to 64. */
const fewestKeyBytes = 24;

/** The HMAC key is what the base64 after `whsec_` stands for, not the text. */
function keyOf(secret: string): Buffer {
  const encoded = secret.startsWith(prefix) ? secret.slice(prefix.length) : secret;
  const key = Buffer.from(encoded, 'base64');
  // Node skips what is no base64: an HMAC with what is left of junk, at worst nothing, is one that anybody can make.
  const strict = key.toString('base64').replace(/=+$/, '') === encoded.replace(/=+$/, '');
  if (!strict || key.length < fewestKeyBytes) throw new RangeError('a secret is not whsec_ and base64');
  return key;
}

/** `v1,<base64>` parted by blanks; other versions are left out, as the specification asks. */
function signaturesIn(text: string): Buffer[] {
  return text
    .split(' ')
    .filter((one) => one.startsWith('v1,'))
    .map((one) => Buffer.from(one.slice('v1,'.length), 'base64'));
}
