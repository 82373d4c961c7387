import { redactedHeaderValue } from './custom-headers';

/** What is kept of the headers of a receiver's answer, for people who look for why an attempt failed. */

const mostHeaders = 40;
const mostValue = 256;
/** Of all names and values together, in characters. */
const mostInAll = 4_096;

/** Kept first, in this order: others must not take their room. */
const telling = [
  'content-type',
  'content-length',
  'retry-after',
  'location',
  'www-authenticate',
  'allow',
  'server',
  'via',
  'date',
  'x-request-id',
  'x-correlation-id',
  'x-trace-id',
  'x-amzn-requestid',
  'x-amzn-trace-id',
  'x-amzn-errortype',
  'x-cache',
  'cf-ray',
];

/** Letters and digits first: `__proto__` would be no key of its own wherever headers are copied. */
const namePattern = /^[a-z0-9][!#$%&'*+.^_`|~0-9a-z-]{0,63}$/;
const secretName = /cookie|authorization|authentication-info|token|secret|passw|api-?key|credential|session|signature|jwt|[cx]srf/;

/**
 * Headers by lower-case name, at most 40 with 4,096 characters in all: values are printable ASCII, cut at 256; of cookies
 * and of what looks like a secret by its name there is the name only.
 */
export function keptResponseHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept: [string, string][] = [];
  let left = mostInAll;
  const inOrder = new Set([...telling.filter((name) => Object.hasOwn(headers, name)), ...Object.keys(headers)]);
  for (const name of inOrder) {
    if (kept.length === mostHeaders) break;
    if (!namePattern.test(name)) continue;
    const value = secretName.test(name) ? redactedHeaderValue : shown(headers[name] ?? '');
    if (name.length + value.length > left) continue;
    left -= name.length + value.length;
    kept.push([name, value]);
  }
  return Object.fromEntries(kept);
}

function shown(value: string): string {
  const printable = value.slice(0, mostValue + 1).replaceAll(/[^\x20-\x7e]/g, '?');
  return printable.length > mostValue ? `${printable.slice(0, mostValue - 3)}...` : printable;
}
