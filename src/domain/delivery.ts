/** What a delivery is and can become. Imported by workflow code: types and constants only, no Node modules. */

/** `pending` until it ends; the other three are final. */
export type DeliveryStatus = 'pending' | 'delivered' | 'failed' | 'cancelled';

export const deliveryStatuses = ['pending', 'delivered', 'failed', 'cancelled'] as const satisfies DeliveryStatus[];

/** Why an attempt was not a success, as shown to tenants (contracts 7.2): a class, never an address or a banner. */
export const errorClasses = [
  'http_status',
  'timeout',
  'connect_error',
  'dns_error',
  'tls_error',
  'protocol_error',
  'blocked_address',
  'auth_error',
] as const;
export type ErrorClass = (typeof errorClasses)[number];

/** One HTTP exchange of a delivery, as it is stored. Timestamps are RFC 3339 UTC with milliseconds. */
export interface AttemptRecord {
  /** 1 for the first exchange. */
  number: number;
  startedAt: string;
  durationMs: number;
  /** The status the receiver answered, or null when there was no complete answer. */
  statusCode: number | null;
  /** null: the attempt succeeded. */
  errorClass: ErrorClass | null;
  /** First 1 KiB of the receiver's answer as text; null when there was none. */
  responseBody: string | null;
  /**
   * What is kept of the answer's headers (domain/response-headers.ts) where the attempt failed; else null. Absent: of a
   * run that an earlier build carried.
   */
  responseHeaders?: Record<string, string> | null;
}

/** What one attempt came to. A receiver's failure is a value; an exception is always our own trouble. */
export type AttemptOutcome =
  | { kind: 'delivered' }
  /** `retryAfterMs`: the receiver's `Retry-After` of a 429 or 503, already capped. */
  | { kind: 'refused'; errorClass: ErrorClass; statusCode: number | null; retryAfterMs?: number }
  /** Not made: the webhook has as many attempts under way as it may. The same attempt is due in so many milliseconds. */
  | { kind: 'postponed'; ms: number }
  /** The webhook is disabled or deleted, or the delivery was cancelled before the attempt. */
  | { kind: 'cancelled'; reason: string };
