import { createHash, timingSafeEqual } from 'node:crypto';
import { parseDictionary, serializeInnerList, type InnerList, type Item } from 'structured-headers';
import { header, requiredHeader, type ReceivedHeaders } from './received-request';
import { VerificationError } from './verification-error';

/** The one signature that Everhook makes; intermediaries may add others under other labels. */
const label = 'sig1';

/** What `Signature-Input` and `Signature` say. */
export interface MessageSignature {
  /** Component identifiers, in their order, without parameters. */
  covered: readonly string[];
  /** Seconds of Unix. */
  created: number;
  keyid: string;
  /** The value of `@signature-params`. */
  parameters: string;
  signature: Buffer;
}

/** @throws VerificationError `missing_header` or `malformed_header` */
export function readMessageSignature(headers: ReceivedHeaders): MessageSignature {
  const input = member(headers, 'signature-input');
  const [signature] = member(headers, 'signature');
  if (!isInnerList(input)) throw malformed('signature-input');
  if (!(signature instanceof ArrayBuffer)) throw malformed('signature');
  const [items, parameters] = input;
  const covered = items.map(([identifier, itemParameters]) => {
    // `;bs`, `;key` and their like change what is signed, and Everhook sends none.
    if (typeof identifier !== 'string' || itemParameters.size > 0) throw malformed('signature-input');
    return identifier;
  });
  const [created, keyid, algorithm] = ['created', 'keyid', 'alg'].map((name) => parameters.get(name));
  const expires = parameters.get('expires');
  if (
    new Set(covered).size !== covered.length ||
    typeof created !== 'number' ||
    typeof keyid !== 'string' ||
    (algorithm !== undefined && algorithm !== 'ed25519') ||
    expires !== undefined
  ) {
    throw malformed('signature-input');
  }
  return { covered, created, keyid, parameters: serializeInnerList(input), signature: Buffer.from(signature) };
}

/**
 * The text that is signed (RFC 9421 section 2.5).
 *
 * @throws VerificationError for a component that the request hasn't
 */
export function signatureBase(
  { covered, parameters }: Pick<MessageSignature, 'covered' | 'parameters'>,
  valueOf: (identifier: string) => string | undefined,
): Buffer {
  const lines = covered.map((identifier) => {
    const value = valueOf(identifier);
    if (value === undefined) throw new VerificationError('missing_header', `no ${identifier}, which is signed`);
    return `"${identifier}": ${value.trim()}`;
  });
  return Buffer.from([...lines, `"@signature-params": ${parameters}`].join('\n'));
}

/** @throws VerificationError when `Content-Digest` is not, or not only, of this body */
export function checkDigest(headers: ReceivedHeaders, body: Buffer): void {
  const digest = dictionary(headers, 'content-digest').get('sha-256')?.[0];
  if (!(digest instanceof ArrayBuffer)) throw malformed('content-digest');
  const given = Buffer.from(digest);
  const actual = createHash('sha256').update(body).digest();
  if (given.length !== actual.length || !timingSafeEqual(given, actual)) {
    throw new VerificationError('digest_mismatch', 'content-digest is of another body');
  }
}

/** @param target origin-form as on the request line, or an absolute URL; the path and query of it */
export function requestTarget(target: string): string {
  if (target.startsWith('/')) return target;
  if (!URL.canParse(target)) throw new TypeError('url must be the path and query of the request, or all of its URL');
  const { pathname, search } = new URL(target);
  return pathname + search;
}

/** A header that may be covered. */
export function coveredHeader(headers: ReceivedHeaders, name: string): string | undefined {
  return name.startsWith('@') ? undefined : header(headers, name);
}

function member(headers: ReceivedHeaders, name: string): Item | InnerList {
  const found = dictionary(headers, name).get(label);
  if (!found) throw malformed(name);
  return found;
}

function dictionary(headers: ReceivedHeaders, name: string): ReturnType<typeof parseDictionary> {
  try {
    return parseDictionary(requiredHeader(headers, name));
  } catch (error) {
    throw error instanceof VerificationError ? error : malformed(name);
  }
}

function isInnerList(member: Item | InnerList): member is InnerList {
  return Array.isArray(member[0]);
}

function malformed(name: string): VerificationError {
  return new VerificationError('malformed_header', `header ${name} is not as Everhook sends it`);
}
