import { VerificationError } from './verification-error';

/** Headers as `node:http`, Koa and Express have them (`IncomingHttpHeaders`), or as Fetch does (`Headers`). */
export type ReceivedHeaders =
  { readonly [name: string]: string | readonly string[] | undefined } | { get(name: string): string | null };

export interface ReceivedRequest {
  headers: ReceivedHeaders;
  /** The bytes as they came: parsed and printed again they would differ. */
  body: string | Uint8Array;
}

/** How far a request's time may be from now, either way, unless said otherwise. */
export const defaultToleranceSeconds = 300;

/** When it is, and how far from it a request's time may be. */
export interface Clock {
  /** Default 300. */
  toleranceSeconds?: number;
  /** Default: this moment. */
  now?: Date;
}

/** @throws TypeError for what is not raw: a body that some middleware has parsed already */
export function bytesOf(body: string | Uint8Array): Buffer {
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  throw new TypeError('body must be the raw bytes of the request, before anything parsed them');
}

/** The header's one value, or undefined. @throws VerificationError when it stands there more than once */
export function header(headers: ReceivedHeaders, name: string): string | undefined {
  if (typeof headers.get === 'function') return headers.get(name) ?? undefined;
  const values = Object.entries(headers)
    .filter(([key]) => key.toLowerCase() === name)
    .flatMap(([, value]) => (typeof value === 'function' ? [] : (value ?? [])));
  if (values.length > 1) throw new VerificationError('malformed_header', `header ${name} came more than once`);
  return values[0];
}

/** @throws VerificationError when it is not there */
export function requiredHeader(headers: ReceivedHeaders, name: string): string {
  const value = header(headers, name);
  if (value === undefined || value === '') throw new VerificationError('missing_header', `no header ${name}`);
  return value;
}

/** @throws VerificationError for a time (in seconds of Unix) too far from now */
export function checkTime(seconds: number, { toleranceSeconds = defaultToleranceSeconds, now = new Date() }: Clock) {
  const age = now.getTime() / 1000 - seconds;
  // Written so that NaN is refused too.
  if (!(age <= toleranceSeconds))
    throw new VerificationError('timestamp_too_old', 'the request was signed too long ago');
  if (!(age >= -toleranceSeconds))
    throw new VerificationError('timestamp_too_new', 'the request was signed in the future');
}
