import type { Consent, ConsentType } from '../domain/consent/consent';
import { consentPayload, requestedPayload } from '../domain/consent/event';
import { consentIdOf } from '../domain/consent/id';
import {
  createdState,
  judge,
  type ConsentAction,
  type ConsentDurations,
  type ConsentState,
  type ConsentStatus,
} from '../domain/consent/machine';
import type { StartableConsent } from '../domain/consent-run';
import type { StartableDelivery } from '../domain/delivery-run';
import type { NewEvent } from '../domain/event';
import { newId } from '../domain/ids';
import { Secret } from '../domain/secret';
import type { Keyring } from '../platform/keyring';
import type { AuditStore, NewAuditEntry } from './audit';
import { bindings } from './ciphertext-columns';
import { readConsentHistory, type ConsentWithHistory } from './consent-history';
import {
  durationsOf,
  later,
  lockConsents,
  newConsentEvent,
  outstandingActions,
  postgresClock,
  stateOf,
  toConsent,
  type Clock,
  type ConsentRow,
} from './consent-row';
import { idBounds, toPage, type ListQuery, type Page } from './cursor';
import type { Database } from './database';
import type { EventStore } from './events';
import { createSettle } from './settle';

export interface NewConsent {
  tenantId: string;
  type: ConsentType;
  /** Stored encrypted; nothing here ever gives it out. */
  loggedUser: { document: { identification: Secret; rel: 'CPF' } };
  permissions: string[];
  expirationDateTime: Date | null;
}

/** What asking for an action came to. */
export type Acceptance =
  /** It is stored and will be carried out: tell the run (`ConsentRuns.act`), then read the consent. */
  | { kind: 'accepted'; consent: Consent; action: ConsentAction; acceptedAt: Date }
  /** It was done before: nothing happens, the consent is as it says. */
  | { kind: 'repeated'; consent: Consent }
  /** Not allowed now. `status`: the one that refuses it, also when nobody has noticed yet that a deadline passed. */
  | { kind: 'refused'; consent: Consent; status: ConsentStatus };

export type ConsentStore = ReturnType<typeof createConsentStore>;

/** How long whoever stored something has to tell the run of it before the sweeper does. */
const tellGraceMs = 10_000;

export function createConsentStore(options: {
  database: Database;
  keyring: Keyring;
  events: Pick<EventStore, 'publish'>;
  audit: AuditStore;
  /** For consents that are created from now on. */
  durations: ConsentDurations;
  clock?: Clock;
}) {
  const { database, keyring, events, audit, durations, clock = postgresClock } = options;
  const settle = createSettle({ database, events, clock });

  const rowOf = (tenantId: string, id: string, within: Database = database) =>
    within('consents').where({ tenant_id: tenantId, id });

  async function tell(tenantId: string, told: NewEvent[], within: Database): Promise<StartableDelivery[]> {
    return (await events.publish(tenantId, told, within)).toStart;
  }

  return {
    /**
     * Stores a consent with its events `before:consent:create` and `after:consent:create`. T0 is the time of storing.
     * Afterwards start `toStart` and the consent's workflow; if that fails, the sweepers do it.
     */
    async create(
      consent: NewConsent,
      entry: Omit<NewAuditEntry, 'objectId'>,
    ): Promise<{ consent: Consent; toStart: StartableDelivery[] }> {
      const { tenantId, type } = consent;
      const { identification, rel } = consent.loggedUser.document;
      // Before the transaction opens: KMS may take seconds, and a connection is not kept waiting for it.
      const id = newId(await clock(database));
      const sealed = await keyring.encrypt(identification, bindings.consentIdentification(tenantId, id));
      return database.transaction(async (within) => {
        const createdAt = await clock(within);
        const state = createdState(createdAt, durations);
        const [row] = await within('consents')
          .insert({
            tenant_id: tenantId,
            id,
            type,
            permissions: consent.permissions,
            document_rel: rel,
            document_identification: sealed,
            expiration_date_time: consent.expirationDateTime,
            decision_ms: durations.decisionMs,
            consumption_ms: durations.consumptionMs,
            created_at: createdAt,
            look_at: later(createdAt, tellGraceMs),
            ...stateColumns(state),
          })
          .returning<ConsentRow[]>('*');
        if (!row) throw new Error('insert returned no consent');
        await audit.append({ ...entry, objectId: consentIdOf(id) }, within);
        const subject = { id, type, createdAt };
        const told = [
          newConsentEvent(subject, 'before:consent:create', requestedPayload(subject), createdAt),
          newConsentEvent(subject, 'after:consent:create', consentPayload(subject, state), createdAt),
        ];
        return { consent: toConsent(row), toStart: await tell(tenantId, told, within) };
      });
    },

    /**
     * Tells of a request that can't become a consent: `before:consent:create` alone, with an id that is not used again.
     * Afterwards start `toStart`.
     */
    async tellOfRequest(tenantId: string, type: ConsentType): Promise<{ toStart: StartableDelivery[] }> {
      return database.transaction(async (within) => {
        const createdAt = await clock(within);
        const subject = { id: newId(createdAt), type, createdAt };
        const event = newConsentEvent(subject, 'before:consent:create', requestedPayload(subject), createdAt);
        return { toStart: await tell(tenantId, [event], within) };
      });
    },

    /** Null for an unknown id or another tenant's. */
    async find(tenantId: string, id: string): Promise<Consent | null> {
      const row = await rowOf(tenantId, id).first<ConsentRow | undefined>();
      return row ? toConsent(row) : null;
    },

    /** Null for an unknown id or another tenant's. */
    history: (tenantId: string, id: string): Promise<ConsentWithHistory | null> =>
      readConsentHistory(tenantId, id, database),

    async list(
      tenantId: string,
      query: ListQuery & { status?: ConsentStatus; type?: ConsentType },
    ): Promise<Page<Consent>> {
      const { below, from } = idBounds(query);
      const rows = await database('consents')
        .where({ tenant_id: tenantId })
        .modify((q) => {
          if (query.status) void q.where('status', query.status);
          if (query.type) void q.where('type', query.type);
          if (below) void q.where('id', '<', below);
          if (from) void q.where('id', '>=', from);
        })
        .orderBy('id', 'desc')
        .limit(query.limit + 1)
        .select<ConsentRow[]>('*');
      return toPage(rows, query.limit, (row) => row.id, toConsent);
    },

    /**
     * Accepts an action or refuses it, judged by all that was accepted before and by the time of now. What is accepted
     * is stored and will be carried out, as of `acceptedAt`; who asks again before that gets the first acceptance.
     * Null for an unknown id or another tenant's.
     */
    async accept(
      tenantId: string,
      id: string,
      request: { action: ConsentAction; reason: string | null },
      entry: Omit<NewAuditEntry, 'objectId'>,
    ): Promise<Acceptance | null> {
      const { action, reason } = request;
      // People write about people: it is as personal as what they write about.
      const sealed =
        reason && (await keyring.encrypt(new Secret(reason), bindings.consentReason(tenantId, id, action)));
      return database.transaction(async (within): Promise<Acceptance | null> => {
        const [row] = await lockConsents(tenantId, [id], within);
        if (!row) return null;
        const consent = toConsent(row);
        const now = await clock(within);
        const pending = (await outstandingActions(tenantId, [id], within)).get(id) ?? [];
        const verdict = judge(now, stateOf(row), durationsOf(row), pending, action);
        if (verdict.kind === 'refused') return { ...verdict, consent };
        if (verdict.kind === 'repeated') {
          const first = pending.find((one) => one.action === action);
          return first ? { kind: 'accepted', consent, ...first } : { kind: 'repeated', consent };
        }
        const { acceptedAt } = verdict;
        const before = await actionsOf(row, within).select('action');
        await within('consent_actions').insert({
          tenant_id: tenantId,
          consent_id: id,
          action,
          number: before.length + 1,
          accepted_at: acceptedAt,
          reason: sealed,
        });
        await rowOf(tenantId, id, within).update({ look_at: later(now, tellGraceMs) });
        await audit.append({ ...entry, objectId: consentIdOf(id) }, within);
        return { kind: 'accepted', consent, action, acceptedAt };
      });
    },

    settle,

    /**
     * Claims up to `limit` consents whose workflow was not told of something stored for it, or has let a deadline pass;
     * for `leaseMs` nobody else gets them.
     */
    async claimNeglected(limit: number, leaseMs: number): Promise<StartableConsent[]> {
      return database.transaction(async (within) => {
        const now = await clock(within);
        // Materialized: as in the claim of deliveries.
        const { rows } = await within.raw<{ rows: ConsentRow[] }>(
          `WITH claimed AS MATERIALIZED (
             SELECT tenant_id, id FROM consents WHERE look_at <= ?
             ORDER BY look_at LIMIT ? FOR UPDATE SKIP LOCKED
           )
           UPDATE consents c SET look_at = ?
           FROM claimed
           WHERE c.tenant_id = claimed.tenant_id AND c.id = claimed.id
           RETURNING c.*`,
          [now, limit, later(now, leaseMs)],
        );
        return rows.map(toConsent);
      });
    },
  };
}

const actionsOf = (row: ConsentRow, within: Database) =>
  within('consent_actions').where({ tenant_id: row.tenant_id, consent_id: row.id });

const stateColumns = ({ status, since, expiresAt }: ConsentState) => ({
  status,
  status_updated_at: since,
  expires_at: expiresAt,
});
