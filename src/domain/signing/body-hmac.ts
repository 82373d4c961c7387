import { createHmac } from 'node:crypto';
import type { Secret } from '../secret';

/**
 * Lower-case hex HMAC-SHA256 over the body alone, as Tyk's `X-Signature-SHA256` has it. The key is the text of the
 * secret exactly as it was shown. No time is signed: whoever has one request can send it again for ever, which is why
 * the headers of Standard Webhooks go beside it.
 */
export function bodyHmac(body: Buffer, secret: Secret): string {
  return createHmac('sha256', Buffer.from(secret.reveal(), 'utf8')).update(body).digest('hex');
}
