/** Custom headers of a webhook: what may be set, and which values are never shown again. */

/** Shown in place of a secret header's value; sent back it keeps the value (contracts section 8, row 16). */
export const redactedHeaderValue = '[redacted]';

/** RFC 9110 token, bounded. */
const namePattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
/** Visible ASCII with inner blanks: node:http would let latin-1 through (security.md 1.4). */
const valuePattern = /^[\x21-\x7e](?:[\x20-\x7e]{0,1022}[\x21-\x7e])?$/;

const reserved = new Set([
  'host',
  'connection',
  'keep-alive',
  'http2-settings',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'accept-encoding',
  'user-agent',
  'signature',
  'signature-input',
  'x-signature-sha256',
  'traceparent',
  'tracestate',
]);
const reservedPrefixes = ['content-', 'webhook-', 'x-sovrin-', 'sec-', 'proxy-'];

/** Why this header can't be a webhook's own, or null when it can. */
export function checkCustomHeader(name: string, value: string): string | null {
  const lower = name.toLowerCase();
  // That name would set the prototype of whatever object the headers are collected in.
  if (!namePattern.test(name) || lower === '__proto__') return 'is not a header name';
  if (reserved.has(lower) || reservedPrefixes.some((prefix) => lower.startsWith(prefix))) {
    return 'is set by Everhook and can not be a custom header';
  }
  if (!valuePattern.test(value)) return 'must be 1 to 1024 characters of visible ASCII';
  return null;
}

/** Whether a header's value is write-only: Authorization, Cookie, or a name with key, token or secret. */
export function isSecretHeader(name: string): boolean {
  return /^(authorization|cookie)$|key|token|secret/i.test(name);
}
