/** Why a request was refused. Codes are stable: a receiver may switch on them. */
export const verificationCodes = [
  'missing_header',
  'malformed_header',
  'timestamp_too_old',
  'timestamp_too_new',
  'signature_mismatch',
  'digest_mismatch',
  'incomplete_signature',
  'unknown_key',
  'wrong_webhook',
  'malformed_body',
  'keys_unavailable',
] as const;
export type VerificationCode = (typeof verificationCodes)[number];

/** A request that was not verified: do nothing with it but answer `status`. Its message holds no secret. */
export class VerificationError extends Error {
  override readonly name = 'VerificationError';
  readonly code: VerificationCode;
  /** Koa and Express may answer with the message. */
  readonly expose = true;

  /** What to answer: 401, but 400 for a signed body that is no event, and 503 when the keys couldn't be had. */
  readonly status: 400 | 401 | 503;

  constructor(code: VerificationCode, message: string) {
    super(message);
    this.code = code;
    this.status = statusOf(code);
  }
}

function statusOf(code: VerificationCode): VerificationError['status'] {
  if (code === 'keys_unavailable') return 503;
  return code === 'malformed_body' ? 400 : 401;
}
