import { createHmac, randomBytes } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { Secret } from '../../domain/secret';
import type { Logger } from '../../platform/logging';
import { hashPassword, isPassword } from '../../platform/passwords';
import { StoreUnavailable } from '../../store/database';
import type { Portal, PortalStore } from '../../store/portals';
import { ApiError } from '../errors/api-error';
import type { Refusal, RefusalLog } from '../refusal-log';
import type { RateLimits } from './rate-limits';
import { createTurns } from './turns';

/**
 * The portal that an Authorization header of RFC 7617 belongs to.
 * @throws ApiError 401, the same for every cause; 429 after too many of them
 * @throws StoreUnavailable after 2 s at most
 */
export type AuthenticatePortal = (
  authorization: string | undefined,
  request: { requestId: string; address: string },
) => Promise<Portal>;

/** How long a password that was right is not hashed again. A new password, or none, is seen at once all the same. */
const rememberedMs = 5 * 60_000;
/** Hashing is slow on purpose: so many at a time, and so many that wait, are all that strangers can make us do. */
const atOnce = 2;
const waiting = 32;
/** A health check has no more time, and who is slower than this at finding one row is away. */
const findMs = 2_000;

export function createAuthenticatePortal(options: {
  portals: Pick<PortalStore, 'findByUsername'>;
  limits: Pick<RateLimits, 'authFailures'>;
  refusals: Pick<RefusalLog, 'note'>;
  log: Logger;
}): AuthenticatePortal {
  const { portals, refusals, log } = options;
  const { authFailures } = options.limits;
  const right = new LRUCache<string, true>({ max: 1_000, ttl: rememberedMs });
  const memoryKey = randomBytes(32);
  const inTurn = createTurns({ atOnce, waiting, refusal: tooBusy });
  // Unknown users take as long as wrong passwords.
  let nobodysHash: Promise<string> | undefined;

  /** The hash is part of it: when the password is changed, nothing is remembered of the old one. */
  const memoryOf = (portal: Portal, password: Secret) =>
    createHmac('sha256', memoryKey)
      .update(JSON.stringify([portal.tenantId, portal.passwordHash, password.reveal()]))
      .digest('base64');

  async function matches(portal: Portal | null, password: Secret, failureKey: string): Promise<boolean> {
    const memory = portal && memoryOf(portal, password);
    if (memory !== null && right.has(memory)) return true;
    return inTurn('hashing', async () => {
      // Those before may have been failures of the same guesser.
      await authFailures.check(failureKey);
      nobodysHash ??= hashPassword(new Secret(randomBytes(32).toString('base64')));
      const same = await isPassword(portal?.passwordHash ?? (await nobodysHash), password);
      const isRight = same && memory !== null;
      if (isRight) right.set(memory, true);
      else await authFailures.count(failureKey);
      return isRight;
    });
  }

  return async (authorization, { requestId, address }) => {
    const given = parseBasic(authorization ?? '');
    const failureKey = `basic|${address}|${given?.username.slice(0, 256) ?? ''}`;
    await authFailures.check(failureKey);
    let portal: Portal | null = null;
    if (given) {
      portal = await inTime(portals.findByUsername(given.username));
      if ((await matches(portal, given.password, failureKey)) && portal) return portal;
    } else if (authorization !== undefined) {
      await authFailures.count(failureKey);
    }
    if (authorization !== undefined) refusals.note({ ...refusedPortal(portal), address, requestId });
    log.warn({ requestId, address }, 'Basic authentication failed');
    throw new ApiError('unauthorized', 'The user name or password is wrong.', {
      headers: { 'WWW-Authenticate': 'Basic realm="everhook", charset="UTF-8"' },
    });
  };
}

/** A user name that is none may be a password at the wrong place: it is not repeated. */
function refusedPortal(known: Portal | null): Omit<Refusal, 'address' | 'requestId'> {
  return {
    tenantId: known?.tenantId ?? null,
    actor: known ? `portal:${known.username}` : 'unknown',
    action: 'portal.authenticate',
    objectType: 'portal',
    objectId: known?.tenantId ?? '',
    fields: [],
  };
}

/** Strict RFC 7617: canonical base64 of UTF-8 without control characters, both parts there. Null for anything else. */
export function parseBasic(authorization: string): { username: string; password: Secret } | null {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  if (encoded === undefined) return null;
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded || !isUtf8(bytes)) return null;
  const text = bytes.toString('utf8');
  const colon = text.indexOf(':');
  // The password may have colons, the user name may not.
  if (colon < 1 || colon === text.length - 1 || /\p{Cc}/u.test(text)) return null;
  return { username: text.slice(0, colon), password: new Secret(text.slice(colon + 1)) };
}

async function inTime<T>(found: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = sleep(findMs, undefined, { signal: done.signal }).then(() => {
    throw new StoreUnavailable(new Error(`no portal found within ${findMs} ms`));
  });
  return Promise.race([found, late]).finally(() => done.abort());
}

const tooBusy = () =>
  new ApiError('unavailable', 'Too many requests are being authenticated; try again.', {
    headers: { 'Retry-After': '2' },
  });
