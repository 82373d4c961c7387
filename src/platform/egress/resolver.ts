import { promises as dns } from 'node:dns';
import { LRUCache } from 'lru-cache';
import { isPublicAddress } from '../../domain/address-policy';
import { codeOf, ExchangeFailure } from './failure';
import type { Interruption } from './interruption';

/** Where a host may be dialled: what was checked is what is connected to. */
export interface Resolution {
  /** Never empty; IPv4 first, each family in the order of the answer. */
  readonly addresses: readonly string[];
  /** Every address of the answer is public, also those beyond the ones kept in `addresses`. */
  readonly public: boolean;
}

export interface Resolver {
  /**
   * All A and AAAA addresses of a name.
   * @throws ExchangeFailure `dns_error`, or `timeout` when no server answers
   */
  resolve(hostname: string, interruption: Interruption): Promise<Resolution>;
}

/** A look-up in progress, shared by all who want that name; cancelled when the last of them gives up. */
interface Lookup {
  result: Promise<Resolution>;
  waiting: number;
  cancel(): void;
}

const maxCachedNames = 2000;
const maxCacheMs = 30_000;
/** An answer may hold thousands of addresses: all are judged, these many are kept to be dialled. */
const maxDialled = 16;
/** c-ares asks again after about 1, 2 and 4 s (it doubles what it is told) and gives up after 7; deadlines cancel it. */
const queryTimeoutMs = 500;
const queryTries = 4;

/**
 * A resolver of its own rather than `dns.lookup`: that one can't be cancelled, holds one of libuv's four threads while
 * a slow server makes it wait, and takes `0x7f.1` for an address.
 *
 * A failed AAAA query fails the look-up even if A was answered: only a full answer can be judged.
 * @param servers `host` or `host:port`, `[v6]:port`; none: the system's
 * @throws TypeError for a malformed server
 */
export function createResolver(servers: readonly string[]): Resolver {
  const cache = new LRUCache<string, Resolution>({ max: maxCachedNames, ttlResolution: 0 });
  const lookups = new Map<string, Lookup>();

  // Once now, so that a malformed server is found at the start.
  newResolver(servers);

  function startLookup(hostname: string): Lookup {
    // One c-ares channel a look-up, because cancel() ends all queries of a channel.
    const channel = newResolver(servers);
    const finished = () => {
      if (lookups.get(hostname) === lookup) lookups.delete(hostname);
    };
    const result = resolveBoth(channel, hostname).then(({ resolution, ttlMs }) => {
      if (ttlMs > 0) cache.set(hostname, resolution, { ttl: Math.min(ttlMs, maxCacheMs) });
      return resolution;
    });
    result.then(finished, finished);
    const lookup: Lookup = {
      result,
      waiting: 0,
      cancel() {
        finished();
        channel.cancel();
      },
    };
    lookups.set(hostname, lookup);
    return lookup;
  }

  return {
    async resolve(hostname, interruption) {
      const cached = cache.get(hostname);
      if (cached) return cached;
      return interruption.phase<Resolution>((resolve, reject) => {
        const lookup = lookups.get(hostname) ?? startLookup(hostname);
        lookup.waiting++;
        lookup.result.then(resolve, reject);
        return () => {
          lookup.waiting--;
          if (lookup.waiting === 0) lookup.cancel();
        };
      });
    },
  };
}

function newResolver(servers: readonly string[]): dns.Resolver {
  const resolver = new dns.Resolver({ timeout: queryTimeoutMs, tries: queryTries });
  if (servers.length > 0) resolver.setServers(servers);
  return resolver;
}

async function resolveBoth(channel: dns.Resolver, hostname: string) {
  const answers = await Promise.all([
    channel.resolve4(hostname, { ttl: true }).catch(noRecords),
    channel.resolve6(hostname, { ttl: true }).catch(noRecords),
  ]);
  const records = answers.flat();
  if (records.length === 0) throw new ExchangeFailure('dns_error', 'the name has no address');
  const addresses = [...new Set(records.map((record) => record.address))];
  const resolution: Resolution = {
    addresses: addresses.slice(0, maxDialled),
    public: addresses.every(isPublicAddress),
  };
  return { resolution, ttlMs: Math.min(...records.map((record) => record.ttl)) * 1000 };
}

/** A family without records is an answer; all else leaves addresses unknown. */
function noRecords(error: unknown): [] {
  const code = codeOf(error);
  if (code === 'ENODATA' || code === 'ENOTFOUND') return [];
  throw new ExchangeFailure(code === 'ETIMEOUT' ? 'timeout' : 'dns_error', code);
}
