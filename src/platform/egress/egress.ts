import { isIP, SocketAddress } from 'node:net';
import { createSecureContext, rootCertificates } from 'node:tls';
import { LRUCache } from 'lru-cache';
import { isPublicAddress } from '../../domain/address-policy';
import { type AllowedOrigin, checkTargetUrl, isAllowedOrigin } from '../../domain/url-policy';
import type { Destination } from './connect';
import { type ConnectionPool, createConnectionPool, createIdleSockets } from './connections';
import { exchange, StaleConnection } from './exchange';
import { type EgressErrorClass, ExchangeFailure } from './failure';
import { Interruption } from './interruption';
import { createResolver, type Resolver } from './resolver';

export interface EgressOptions {
  /** Origins exempt from the scheme, host-name, port and address rules (`EGRESS_ALLOW`). */
  allowedOrigins: readonly AllowedOrigin[];
  /** Resolvers for targets, `host` or `host:port` (`EGRESS_DNS_SERVERS`); none: the system's. */
  dnsServers: readonly string[];
  /** PEM certificates of private CAs to trust besides those that Node brings; NODE_EXTRA_CA_CERTS needs no mention. */
  extraCa?: readonly string[];
}

export interface EgressRequest {
  /** Whose request it is: connections are never shared between tenants. */
  tenantId: string;
  /** As the URL policy stored it. */
  url: string;
  method: 'POST' | 'PUT' | 'PATCH' | 'GET' | 'HEAD';
  /** `Host`, `Content-Length` and what else frames a message are the egress's own: given ones are not sent. */
  headers: Record<string, string>;
  body?: Buffer;
  /** For everything, from before DNS to the end of the body. */
  deadlineMs: number;
  signal?: AbortSignal;
}

export type EgressResult =
  | {
      kind: 'response';
      /** Any status, a redirect's too. */
      statusCode: number;
      /** Lower-case names, the first value of each. */
      headers: Record<string, string>;
      /** At most 64 KiB. */
      body: Buffer;
      /** There was more body; the connection was closed on it. */
      truncated: boolean;
      durationMs: number;
    }
  | {
      kind: 'error';
      errorClass: EgressErrorClass;
      /** For operators' logs: an error code and the checked addresses; no header, body or URL path. */
      detail: string;
      /** Of an answer that began and did not end. */
      statusCode: number | null;
      durationMs: number;
    };

export interface Egress {
  /**
   * One HTTP exchange. What the network or the receiver does is a result. Where a kept connection turns out to be closed
   * before a byte of an answer, the request is made once more on a new one, within the same deadline.
   * @throws the signal's reason when it aborts: the exchange was given up by us and says nothing about the receiver
   * @throws TypeError for a header or path that can't be sent; Error when closed
   */
  send(request: EgressRequest): Promise<EgressResult>;
  /** Takes no more requests, waits for those under way (each has its deadline), and closes all connections. */
  close(): Promise<void>;
}

/** Tenants' origins whose connections are kept at the same time; the least recently used one's are closed for a new one's. */
const maxPools = 1000;
const maxIdleSockets = 512;
const userAgent = 'Everhook/1';
const framingHeaders = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const loopback = ['127.0.0.1', '::1'];

/**
 * The only way out to hosts that tenants name (security.md 1 and 2): resolves by itself, connects only to addresses
 * that were checked, follows no redirect, knows no proxy.
 * @throws TypeError for a malformed DNS server, Error for a malformed certificate
 */
export function createEgress(options: EgressOptions): Egress {
  const { allowedOrigins } = options;
  const resolver = createResolver(options.dnsServers);
  const secureContext = createSecureContext({
    minVersion: 'TLSv1.2',
    // Without `ca` all contexts share Node's own store, which has NODE_EXTRA_CA_CERTS in it.
    ...(options.extraCa?.length ? { ca: [...rootCertificates, ...options.extraCa] } : {}),
  });
  const pools = new LRUCache<string, ConnectionPool>({ max: maxPools, dispose: (pool) => pool.retire() });
  const idleSockets = createIdleSockets(maxIdleSockets);
  const underWay = new Set<Promise<unknown>>();
  let closed = false;

  function poolFor(tenantId: string, destination: Destination): ConnectionPool {
    const { secure, hostname, port, addresses } = destination;
    // The same addresses in another order are the same pool: round-robin DNS rotates its answers.
    const sorted = addresses.length > 1 ? [...addresses].sort() : addresses;
    const key = [tenantId, secure, hostname, port, ...sorted].join(' ');
    const known = pools.get(key);
    if (known) return known;
    const pool = createConnectionPool(destination, secureContext, idleSockets);
    pools.set(key, pool);
    return pool;
  }

  async function answer(request: EgressRequest, interruption: Interruption) {
    const { destination, path } = await locate(request.url, allowedOrigins, resolver, interruption);
    const pool = poolFor(request.tenantId, destination);
    const { method, body = null } = request;
    const message = { method, path, headers: headersOf(request), body };
    const connection = await pool.acquire(interruption);
    try {
      try {
        return await exchange(connection, message, interruption);
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error;
        // On a new socket, of which nothing can be stale.
        return await exchange(connection, message, interruption);
      }
    } catch (error) {
      connection.destroy();
      throw error;
    } finally {
      pool.release(connection);
    }
  }

  async function send(request: EgressRequest): Promise<EgressResult> {
    const startedAt = performance.now();
    const interruption = new Interruption(request.deadlineMs, request.signal);
    try {
      const { statusCode, headers, body, truncated } = await answer(request, interruption);
      return { kind: 'response', statusCode, headers, body, truncated, durationMs: since(startedAt) };
    } catch (error) {
      if (!(error instanceof ExchangeFailure)) throw error;
      const { errorClass, detail, statusCode } = error;
      return { kind: 'error', errorClass, detail, statusCode, durationMs: since(startedAt) };
    } finally {
      interruption.end();
    }
  }

  return {
    async send(request) {
      if (closed) throw new Error('the egress is closed');
      const sending = send(request);
      underWay.add(sending);
      try {
        return await sending;
      } finally {
        underWay.delete(sending);
      }
    },

    async close() {
      closed = true;
      await Promise.allSettled(underWay);
      pools.clear();
    },
  };
}

/**
 * Finds out where a URL leads and that it may be gone to. The URL policy is asked again: what was stored under an
 * earlier EGRESS_ALLOW is not allowed for ever.
 * @throws ExchangeFailure `blocked_address`, or the resolver's
 */
async function locate(
  url: string,
  allowedOrigins: readonly AllowedOrigin[],
  resolver: Resolver,
  interruption: Interruption,
): Promise<{ destination: Destination; path: string }> {
  const verdict = checkTargetUrl(url, { allowQuery: true, allowedOrigins });
  if (!verdict.ok) throw new ExchangeFailure('blocked_address', verdict.reason);
  const { protocol, hostname: host, port, pathname, search } = new URL(verdict.url);
  const secure = protocol === 'https:';
  const hostname = host.startsWith('[') ? host.slice(1, -1) : host;
  const allowed = isAllowedOrigin(verdict.url, allowedOrigins);
  const addresses = await addressesOf(hostname, allowed, resolver, interruption);
  return {
    destination: { secure, hostname, port: port === '' ? (secure ? 443 : 80) : Number(port), addresses },
    path: pathname + search,
  };
}

async function addressesOf(
  hostname: string,
  allowed: boolean,
  resolver: Resolver,
  interruption: Interruption,
): Promise<readonly string[]> {
  const family = isIP(hostname);
  if (family !== 0) {
    if (!allowed && !isPublicAddress(hostname)) throw new ExchangeFailure('blocked_address', hostname);
    // As a socket writes its peer's address, which for IPv6 is not always as a URL writes it.
    return [new SocketAddress({ address: hostname, family: family === 6 ? 'ipv6' : 'ipv4' }).address];
  }
  if (allowed && hostname === 'localhost') return loopback;
  const resolution = await resolver.resolve(hostname, interruption);
  if (!allowed && !resolution.public) {
    throw new ExchangeFailure('blocked_address', `not all public: ${resolution.addresses.join(' ')}`);
  }
  return resolution.addresses;
}

function headersOf(request: EgressRequest): Record<string, string> {
  const headers: Record<string, string> = { 'user-agent': userAgent };
  for (const [name, value] of Object.entries(request.headers)) {
    const lowerCase = name.toLowerCase();
    if (!framingHeaders.has(lowerCase)) headers[lowerCase] = value;
  }
  // A compressed answer could unpack to anything.
  headers['accept-encoding'] = 'identity';
  return headers;
}

function since(startedAt: number): number {
  return Math.round(performance.now() - startedAt);
}
