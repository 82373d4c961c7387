import { LRUCache } from 'lru-cache';
import type { ConsentType } from '../domain/consent/consent';
import { consentPayload } from '../domain/consent/event';
import { stepsUntil, type ConsentState, type ConsentStep } from '../domain/consent/machine';
import type { SettledConsent } from '../domain/consent-run';
import type { StartableDelivery } from '../domain/delivery-run';
import { createBatching } from './batching';
import {
  durationsOf,
  later,
  lockConsents,
  newConsentEvent,
  outstandingActions,
  stateOf,
  type Clock,
  type ConsentRow,
} from './consent-row';
import type { Database } from './database';
import type { EventStore } from './events';

/** What carrying out all that is due for a consent came to. */
export interface Settlement {
  settled: SettledConsent;
  type: ConsentType;
  now: Date;
  steps: ConsentStep[];
  /** Deliveries of its events, committed and to be started. */
  toStart: StartableDelivery[];
}

/**
 * Carries out what was accepted, in the order of acceptance, and the expiry that is due: the consent's row and the
 * events of every step, all or nothing. A second call finds nothing left to do. Null: there is no such consent.
 */
export type Settle = (tenantId: string, id: string) => Promise<Settlement | null>;

/** A consent this long past its deadline has probably lost its run. */
const overdueMs = 2 * 60_000;
/** Consents settled in one transaction at most: all of them are locked for as long as it takes. */
const mostTogether = 25;
/** Tenants whose batches are known; one that is forgotten begins anew beside what still runs. */
const mostTenants = 1_000;

/** Consents of a tenant that are settled at the same time share a transaction: deadlines come in crowds. */
export function createSettle(options: {
  database: Database;
  events: Pick<EventStore, 'publish'>;
  clock: Clock;
}): Settle {
  const { database, events, clock } = options;
  const tenants = new LRUCache<string, (id: string) => Promise<Settlement | null>>({
    max: mostTenants,
    memoMethod: (tenantId) =>
      createBatching({
        run: (ids: readonly string[]) => settleTogether(tenantId, ids),
        most: mostTogether,
        keyOf: (id) => id,
      }),
  });
  return (tenantId, id) => tenants.memo(tenantId)(id);

  async function settleTogether(tenantId: string, ids: readonly string[]): Promise<(Settlement | null)[]> {
    return database.transaction(async (within) => {
      const rows = await lockConsents(tenantId, ids, within);
      if (rows.length === 0) return ids.map(() => null);
      const now = await clock(within);
      const accepted = await outstandingActions(tenantId, ids, within);
      const moves = rows.map((row) => {
        const steps = stepsUntil(now, stateOf(row), durationsOf(row), accepted.get(row.id) ?? []);
        const state = steps.at(-1)?.to ?? stateOf(row);
        return { row, steps, state, lookAt: state.expiresAt && later(state.expiresAt, overdueMs) };
      });
      const changed = moves.filter(
        ({ row, steps, lookAt }) => steps.length > 0 || row.look_at?.getTime() !== lookAt?.getTime(),
      );
      if (changed.length > 0) await store(tenantId, changed, within);
      if (accepted.size > 0) {
        await within('consent_actions')
          .where({ tenant_id: tenantId, settled_at: null })
          .whereIn('consent_id', [...accepted.keys()])
          .update({ settled_at: now });
      }
      const told = moves.flatMap(({ row, steps }) => eventsOf(row, steps));
      const { toStart } = told.length > 0 ? await events.publish(tenantId, told, within) : { toStart: [] };
      const settlements = new Map(
        moves.map(({ row, steps, state }): [string, Settlement] => {
          const own = new Set(eventsOf(row, steps).map(({ eventId }) => eventId));
          return [
            row.id,
            {
              settled: settledAt(now, state),
              type: row.type,
              now,
              steps,
              toStart: toStart.filter(({ eventId }) => own.has(eventId)),
            },
          ];
        }),
      );
      return ids.map((id) => settlements.get(id) ?? null);
    });
  }
}

async function store(
  tenantId: string,
  moves: readonly { row: ConsentRow; state: ConsentState; lookAt: Date | null }[],
  within: Database,
): Promise<void> {
  await within
    .raw(
      `UPDATE consents c
       SET status = s.status, status_updated_at = s.since::timestamptz,
           expires_at = nullif(s.expires_at, '')::timestamptz, look_at = nullif(s.look_at, '')::timestamptz
       FROM unnest(?::uuid[], ?::text[], ?::text[], ?::text[], ?::text[])
         AS s (id, status, since, expires_at, look_at)
       WHERE c.tenant_id = ? AND c.id = s.id`,
      [
        moves.map(({ row }) => row.id),
        moves.map(({ state }) => state.status),
        moves.map(({ state }) => state.since.toISOString()),
        moves.map(({ state }) => state.expiresAt?.toISOString() ?? ''),
        moves.map(({ lookAt }) => lookAt?.toISOString() ?? ''),
        tenantId,
      ],
    )
    .options({ name: 'settle_consents' });
}

function eventsOf({ id, type, created_at }: ConsentRow, steps: readonly ConsentStep[]) {
  const subject = { id, type, createdAt: created_at };
  return steps.flatMap(({ emits, to }) =>
    emits ? [newConsentEvent(subject, emits, consentPayload(subject, to), to.since)] : [],
  );
}

function settledAt(now: Date, { status, expiresAt }: ConsentState): SettledConsent {
  return {
    status,
    expiresAt: expiresAt?.toISOString() ?? null,
    waitMs: expiresAt && Math.max(1, expiresAt.getTime() - now.getTime()),
  };
}
