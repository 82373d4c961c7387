import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Config, RateLimit } from '../../platform/config';
import { tooManyRequests } from '../errors/api-error';
import { createTurns, type Turns } from './turns';

/** Limits of this process; with several API processes a tenant gets that many times as much. */
export interface RateLimits {
  /** @throws ApiError 429 */
  events(tenantId: string, count: number): Promise<void>;
  /** @throws ApiError 429 */
  writes(tenantId: string): Promise<void>;
  /** Of the codec endpoint as a whole: a page of the Web UI asks once for each event. @throws ApiError 429 */
  codec(): Promise<void>;
  checking: CheckingBudget;
  /** Reads that may take PostgreSQL long, by tenant. @throws ApiError 429 */
  costly: Turns;
  authFailures: {
    /** Before credentials are looked at: guessing on is pointless. @throws ApiError 429 */
    check(key: string): Promise<void>;
    count(key: string): Promise<void>;
  };
}

/** Time of this process that a tenant's own schemas may take: everybody else waits for it. */
export interface CheckingBudget {
  /** Before work whose length is not known. @throws ApiError 429 when nothing is left */
  check(tenantId: string): Promise<void>;
  /** For work that was done. @throws ApiError 429 when that was more than there was left */
  charge(tenantId: string, ms: number): Promise<void>;
}

const codecRate = { points: 500, perSeconds: 1 };

/** Of ten connections a tenant must not hold all with what takes a statement timeout each: others need one too. */
const costlyAtOnce = 2;
/** More than the open consoles of a tenant ask for together. */
const costlyWaiting = 20;
const costlyRetrySeconds = 2;

/** A second at once, a fifth of the time in the long run. */
const checkingMs = 1_000;
const checkingSeconds = 5;

type Limits = Pick<Config, 'RATE_LIMIT_EVENTS' | 'RATE_LIMIT_WRITES' | 'RATE_LIMIT_AUTH_FAILURES'>;

export function createRateLimits(config: Limits): RateLimits {
  const events = limiter(config.RATE_LIMIT_EVENTS);
  const writes = limiter(config.RATE_LIMIT_WRITES);
  const failures = limiter(config.RATE_LIMIT_AUTH_FAILURES);
  const codec = limiter(codecRate);
  return {
    // A batch larger than the whole limit would never pass: it takes all of it instead.
    events: (tenantId, count) => consume(events, tenantId, Math.min(count, config.RATE_LIMIT_EVENTS.points)),
    writes: (tenantId) => consume(writes, tenantId, 1),
    codec: () => consume(codec, 'codec', 1),
    checking: createCheckingBudget(),
    costly: createTurns({
      atOnce: costlyAtOnce,
      waiting: costlyWaiting,
      refusal: () => tooManyRequests(costlyRetrySeconds),
    }),
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

function createCheckingBudget(): CheckingBudget {
  const spent = limiter({ points: checkingMs, perSeconds: checkingSeconds });
  return {
    async check(tenantId) {
      const state = await spent.get(tenantId);
      if (state && state.consumedPoints >= checkingMs) throw refusal(state);
    },
    async charge(tenantId, ms) {
      // Not `consume`: what was done counts also beyond the limit.
      const state = await spent.penalty(tenantId, ms);
      if (state.consumedPoints > checkingMs) throw refusal(state);
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
