import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Config, RateLimit } from '../../platform/config';
import { tooManyRequests } from '../errors/api-error';

/** Limits of this process; with several API processes a tenant gets that many times as much. */
export interface RateLimits {
  /** @throws ApiError 429 */
  events(tenantId: string, count: number): Promise<void>;
  /** @throws ApiError 429 */
  writes(tenantId: string): Promise<void>;
  authFailures: {
    /** Before credentials are looked at: guessing on is pointless. @throws ApiError 429 */
    check(key: string): Promise<void>;
    count(key: string): Promise<void>;
  };
}

type Limits = Pick<Config, 'RATE_LIMIT_EVENTS' | 'RATE_LIMIT_WRITES' | 'RATE_LIMIT_AUTH_FAILURES'>;

export function createRateLimits(config: Limits): RateLimits {
  const events = limiter(config.RATE_LIMIT_EVENTS);
  const writes = limiter(config.RATE_LIMIT_WRITES);
  const failures = limiter(config.RATE_LIMIT_AUTH_FAILURES);
  return {
    // A batch larger than the whole limit would never pass: it takes all of it instead.
    events: (tenantId, count) => consume(events, tenantId, Math.min(count, config.RATE_LIMIT_EVENTS.points)),
    writes: (tenantId) => consume(writes, tenantId, 1),
    authFailures: {
      async check(key) {
        const state = await failures.get(key);
        if (state && state.consumedPoints >= config.RATE_LIMIT_AUTH_FAILURES.points) throw refusal(state);
      },
      async count(key) {
        await failures.penalty(key);
      },
    },
  };
}

const limiter = ({ points, perSeconds }: RateLimit) => new RateLimiterMemory({ points, duration: perSeconds });

async function consume(limits: RateLimiterMemory, key: string, points: number): Promise<void> {
  try {
    await limits.consume(key, points);
  } catch (refused) {
    throw refused instanceof RateLimiterRes ? refusal(refused) : refused;
  }
}

function refusal({ msBeforeNext }: RateLimiterRes) {
  return tooManyRequests(Math.max(1, Math.ceil(msBeforeNext / 1000)));
}
