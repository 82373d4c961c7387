/**
 * Which URLs a registration may name: one policy for `url`, `endpoint`, `targetURL`, `URL` and `tokenURL`
 * (contracts 4.2, 6 C-6, 8 row 17). Addresses are judged later, when a name is resolved: see address-policy.ts.
 */

/** An origin that the operator exempts from the scheme, host-name, port and address rules. */
export interface AllowedOrigin {
  /** As the URL standard writes it: lower case, punycode, no default port, no trailing dot; `http://localhost:9010`. */
  readonly origin: string;
}

export interface UrlRules {
  /** A query string is refused for the sovrin contract only. */
  allowQuery: boolean;
  allowedOrigins: readonly AllowedOrigin[];
}

export type UrlVerdict = { ok: true; /** Normalised: what is stored, shown and called. */ url: string } | UrlRefusal;
export interface UrlRefusal {
  ok: false;
  /** One sentence for the caller; never repeats the URL, which may hold a credential. */
  reason: string;
  /** It is a URL, and names a host or port that requests must not reach: worth telling whoever watches. */
  blocked: boolean;
}

const maxLength = 2048;
const absoluteUrl = /^(https?):\/\/([^/?#]+)([^?#]*)/i;
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/;
const loneSurrogate = /\p{Surrogate}/u;
const ipv4 = /^\d+\.\d+\.\d+\.\d+$/;
const dnsLabel = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
/** Names that never lead to a public host (RFC 6761, 6762, 7686, 8375 and ICANN's `.internal`). */
const reservedName = /(?:^|\.)(?:localhost|local|internal|home\.arpa|onion|test|invalid)$/;
/** The Fetch standard's bad ports from 1024 up; everything below but 443 is refused anyway. */
const badPorts = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/**
 * Judges a URL as it was sent, before and after parsing: the URL standard repairs much of what must be refused
 * (`https:example.com`, blanks, backslashes, an empty `?` or `@`), so the raw text is looked at first.
 */
export function checkTargetUrl(raw: string, rules: UrlRules): UrlVerdict {
  if (raw.length > maxLength) return refuse(`The URL is longer than ${maxLength} characters.`);
  if (raw.trim() !== raw || controlCharacter.test(raw) || loneSurrogate.test(raw)) {
    return refuse('The URL has blanks around it or control characters in it.');
  }
  if (raw.includes('\\')) return refuse('The URL has a backslash.');
  const parts = absoluteUrl.exec(raw);
  if (!parts) return refuse('The URL must be absolute and start with https://.');
  const [, , authority = '', path = ''] = parts;
  if (authority.includes('@')) return refuse('The URL must not hold a user name or password.');
  if (raw.includes('#')) return refuse('The URL must not have a fragment (#).');
  if (raw.includes('?') && !rules.allowQuery) return refuse('The URL must not have a query string (?).');

  const url = parse(raw);
  if (!url) return refuse('The URL is not valid.');
  const origin = originOf(url);
  if (!rules.allowedOrigins.some((allowed) => allowed.origin === origin)) {
    const blocked = checkHost(withoutTrailingDot(url.hostname)) ?? checkPort(url.port);
    const refusal = checkScheme(url) ?? blocked;
    if (refusal) return { ...refusal, blocked: blocked !== undefined };
  }
  const query = raw.includes('?') ? url.search || '?' : '';
  const normalised = `${origin}${path === '' ? '' : url.pathname}${query}`;
  if (normalised.length > maxLength) return refuse(`The URL, percent-encoded, is longer than ${maxLength} characters.`);
  return { ok: true, url: normalised };
}

/** Whether a URL's origin is exactly one that the operator allowed. False for text that is no URL. */
export function isAllowedOrigin(url: string, allowedOrigins: readonly AllowedOrigin[]): boolean {
  const parsed = parse(url);
  return parsed !== undefined && allowedOrigins.some((allowed) => allowed.origin === originOf(parsed));
}

/**
 * Reads `EGRESS_ALLOW`: comma-separated http or https origins; empty text allows none.
 * @throws Error with one line that says what is wrong with which entry
 */
export function parseAllowedOrigins(text: string): AllowedOrigin[] {
  if (text.trim() === '') return [];
  return text.split(',').map((entry) => ({ origin: parseOrigin(entry.trim()) }));
}

function parseOrigin(entry: string): string {
  if (entry.includes('@')) throw new Error('an entry holds a user name or password: write the origin only');
  const parts = absoluteUrl.exec(entry);
  const url = parts && parts[0] === entry && parts[3] === '' && !/[\s\\]/.test(entry) ? parse(entry) : undefined;
  // Without its dots nothing may be left of such a host: `http://.:4` would become `http://:4`.
  if (!url || /^\.|\.\./.test(url.hostname)) {
    throw new Error(
      `${JSON.stringify(entry)} is not an origin: write one such as http://localhost:9010, without a path`,
    );
  }
  return originOf(url);
}

function checkScheme(url: URL): UrlRefusal | undefined {
  return url.protocol === 'https:' ? undefined : refuse('The URL must start with https://.');
}

/** @param host as parsed: the URL standard has turned every spelling of an IPv4 address into dotted decimals. */
function checkHost(host: string): UrlRefusal | undefined {
  if (host.startsWith('[') || ipv4.test(host)) return refuse('The host must be a name, not an IP address.');
  const labels = host.split('.');
  if (host.length > 253 || !labels.every((label) => dnsLabel.test(label))) {
    return refuse('The host is not a valid DNS name.');
  }
  if (reservedName.test(host)) return refuse('The host is a reserved name that is not reachable from the Internet.');
  if (labels.length === 1) return refuse('The host must be a full domain name.');
  return undefined;
}

function checkPort(port: string): UrlRefusal | undefined {
  if (port === '') return undefined;
  const number = Number(port);
  return number < 1024 || badPorts.has(number) ? refuse('The port is not allowed.') : undefined;
}

function originOf(url: URL): string {
  const port = url.port === '' ? '' : `:${url.port}`;
  return `${url.protocol}//${withoutTrailingDot(url.hostname)}${port}`;
}

function withoutTrailingDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function refuse(reason: string): UrlRefusal {
  return { ok: false, reason, blocked: false };
}
