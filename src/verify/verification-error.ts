/** Why a request was refused. Codes are stable: a receiver may switch on them. */
export type VerificationCode =
  | 'missing_header'
  | 'malformed_header'
  | 'timestamp_too_old'
  | 'timestamp_too_new'
  | 'signature_mismatch'
  | 'digest_mismatch'
  | 'incomplete_signature'
  | 'unknown_key'
  | 'wrong_webhook'
  | 'malformed_body'
  | 'keys_unavailable';

/** A request that was not verified: do nothing with it but answer `status`. Its message holds no secret. */
export class VerificationError extends Error {
  override readonly name = 'VerificationError';
  readonly code: VerificationCode;

  constructor(code: VerificationCode, message: string) {
    super(message);
    this.code = code;
  }

  /** What to answer: 401, but 400 for a signed body that is no event, and 503 when the keys couldn't be had. */
  get status(): 400 | 401 | 503 {
    if (this.code === 'keys_unavailable') return 503;
    return this.code === 'malformed_body' ? 400 : 401;
  }
}
