import { timingSafeEqual } from 'node:crypto';
import { Secret } from '../domain/secret';
import { bodyHmac } from '../domain/signing/body-hmac';
import { bytesOf, requiredHeader, type ReceivedRequest } from './received-request';
import { listOf, type Secrets } from './standard-webhooks';
import { VerificationError } from './verification-error';
import { readEvent, type VerifiedEvent } from './verified-event';

/** An event without id: nothing that Tyk's signature covers has one. */
export type VerifiedTykEvent = Omit<VerifiedEvent, 'id'>;

/**
 * Verifies a request of the tyk contract by its `X-Signature-SHA256`, and reads its event.
 *
 * The signature is of the body alone. It says nothing about when the request was made, so that one that was overheard
 * can be sent again for ever, and nothing about `webhook-id`. A receiver that can, verifies the same request with
 * `verifyStandardWebhooks`, which covers both.
 *
 * @throws VerificationError when it is not genuine
 * @throws RangeError for no secret or an empty one; TypeError for a body that was parsed
 */
export function verifyTyk(request: ReceivedRequest & { secrets: Secrets }): VerifiedTykEvent {
  const secrets = listOf(request.secrets);
  if (secrets.includes('')) throw new RangeError('a secret is empty');
  const body = bytesOf(request.body);
  const signature = requiredHeader(request.headers, 'x-signature-sha256');
  if (!/^[0-9a-f]{64}$/.test(signature)) {
    throw new VerificationError('malformed_header', 'x-signature-sha256 is not the lower-case hex of 32 bytes');
  }
  const given = Buffer.from(signature);
  if (!secrets.some((secret) => timingSafeEqual(given, Buffer.from(bodyHmac(body, new Secret(secret)))))) {
    throw new VerificationError('signature_mismatch', 'x-signature-sha256 is not of a secret given');
  }
  return readEvent(body);
}
