import { createHash, sign, type KeyObject } from 'node:crypto';

/**
 * HTTP Message Signatures (draft 13 of the working group and RFC 9421 agree on all that is used here) with Ed25519,
 * as sovrin receivers expect them.
 */

export interface MessageSigningKey {
  /** The `kid` under which the public half is published; becomes `keyid`. */
  kid: string;
  /** Ed25519. */
  privateKey: KeyObject;
}

export interface HttpMessageSignatureInput {
  method: string;
  /** Absolute. */
  url: string;
  /**
   * Every header that will be sent end to end, `host` included, for all are covered: a receiver can then refuse a
   * request that was replayed to another host. Without hop-by-hop headers, which any proxy may drop.
   */
  headers: Readonly<Record<string, string>>;
  /** Exactly the bytes that are sent. */
  body: Buffer;
  created: Date;
  key: MessageSigningKey;
}

/** A component identifier without its quotes, and its value in the signature base. */
type Component = readonly [identifier: string, value: string];

const ownHeaders = new Set(['content-digest', 'signature', 'signature-input']);

/**
 * `content-digest`, `signature-input` and `signature` for a request, to be sent besides the headers given.
 *
 * `@request-target` is serialised as RFC 9421 section 2.2.5 has it for HTTP/1.1's origin-form: the path and query as
 * on the request line, without method or host, percent-encoding untouched, `/` for an empty path. That is WHATWG's
 * `pathname + search`, which is also what the HTTP client writes on the request line.
 *
 * @throws RangeError for a header that can't be signed unambiguously (a name given twice, a name or value with
 *   characters outside visible ASCII, one of the three names above), a relative URL, or another kind of key
 */
export function httpMessageSignatureHeaders(input: HttpMessageSignatureInput): Record<string, string> {
  const digest = `sha-256=${byteSequence(createHash('sha256').update(input.body).digest())}`;
  const components: Component[] = [
    ['@request-target', requestTarget(input.url)],
    ['@method', input.method.toUpperCase()],
    ['content-digest', digest],
    ...coveredHeaders(input.headers),
  ];
  return { 'content-digest': digest, ...signComponents('sig1', components, input.created, input.key) };
}

/**
 * Signs any components, in the order given, under a label.
 *
 * @throws RangeError when the key isn't Ed25519
 */
export function signComponents(
  label: string,
  components: readonly Component[],
  created: Date,
  key: MessageSigningKey,
): { 'signature-input': string; signature: string } {
  if (key.privateKey.asymmetricKeyType !== 'ed25519') throw new RangeError('the signing key must be Ed25519');
  const identifiers = components.map(([identifier]) => quoted(identifier)).join(' ');
  const parameters = `(${identifiers});created=${Math.floor(created.getTime() / 1000)};keyid=${quoted(key.kid)}`;
  const base = [...components, ['@signature-params', parameters] as const]
    .map(([identifier, value]) => `${quoted(identifier)}: ${value}`)
    .join('\n');
  return {
    'signature-input': `${label}=${parameters}`,
    signature: `${label}=${byteSequence(sign(null, Buffer.from(base), key.privateKey))}`,
  };
}

function requestTarget(url: string): string {
  if (!URL.canParse(url)) throw new RangeError('the URL to sign must be absolute');
  const { pathname, search } = new URL(url);
  return pathname + search;
}

function coveredHeaders(headers: Readonly<Record<string, string>>): Component[] {
  const covered = new Map<string, string>();
  for (const [sentName, value] of Object.entries(headers)) {
    const name = sentName.toLowerCase();
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) throw new RangeError('a header name is malformed');
    if (ownHeaders.has(name) || covered.has(name)) throw new RangeError(`header ${name} must not be given, or once`);
    // A line break in a value would forge further lines of the signature base.
    if (!/^[\t\x20-\x7e]*$/.test(value)) throw new RangeError(`header ${name} has characters outside visible ASCII`);
    covered.set(name, value.trim());
  }
  return [...covered].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A String of RFC 8941. */
function quoted(text: string): string {
  if (!/^[\x20-\x7e]*$/.test(text)) throw new RangeError('a structured field string must be visible ASCII');
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** A Byte Sequence of RFC 8941. */
function byteSequence(bytes: Buffer): string {
  return `:${bytes.toString('base64')}:`;
}
