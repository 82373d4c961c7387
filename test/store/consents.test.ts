import { setTimeout as sleep } from 'node:timers/promises';
import type { Consent } from '../../src/domain/consent/consent';
import { consentEventId } from '../../src/domain/consent/event';
import { consentIdOf } from '../../src/domain/consent/id';
import { consentEvents, type ConsentAction } from '../../src/domain/consent/machine';
import { newId } from '../../src/domain/ids';
import { DecryptionError } from '../../src/platform/keyring';
import { createConsentStore, type ConsentStore, type NewConsent } from '../../src/store/consents';
import { newConsent } from './new-consent';
import { canary, consentDurations, entry, only, openTestStores, type TestStores } from './stores';

const minute = 60_000;
const t0 = new Date('2026-03-01T12:00:00.000Z');
const at = (ms: number) => new Date(t0.getTime() + ms);

let stores: TestStores;
let tenantId: string;
let now: Date;
let consents: ConsentStore;

beforeAll(async () => {
  stores = await openTestStores();
});

beforeEach(async () => {
  now = t0;
  tenantId = await stores.tenant();
  consents = createConsentStore({ ...stores, durations: consentDurations, clock: async () => now });
});

afterAll(async () => {
  await stores.close();
  await stores.drop();
});

const audited = (action: string) => ({ ...entry(tenantId, action), objectType: 'consent' });
const create = async (rest: Partial<NewConsent> = {}, store = consents) =>
  (await store.create(newConsent(tenantId, rest), audited('consent.create'))).consent;
const accept = (consent: Consent, action: ConsentAction, reason: string | null = null) =>
  consents.accept(tenantId, consent.id, { action, reason }, audited(`consent.${action}`));
const settle = async (consent: Consent) => {
  const outcome = await consents.settle(tenantId, consent.id);
  if (!outcome) throw new Error('the consent is gone');
  return outcome;
};
const read = async (consent: Consent) => {
  const found = await consents.find(tenantId, consent.id);
  if (!found) throw new Error('the consent is gone');
  return found;
};
const told = async (consent: Pick<Consent, 'id'>) => {
  const found = await Promise.all(
    consentEvents.map((event) => stores.events.find(tenantId, consentEventId(consent.id, event))),
  );
  return found.filter((event) => event !== null);
};
const names = async (consent: Pick<Consent, 'id'>) => (await told(consent)).map(({ type }) => type);
const rowOf = (consent: Consent) =>
  stores.database('consents').where({ id: consent.id }).first<Record<string, unknown>>();
const actionRows = (consent: Consent) =>
  stores.database('consent_actions').where({ consent_id: consent.id }).orderBy('number').select('*');
/** A store whose engine fails when it is to tell something. */
const speechless = () =>
  createConsentStore({
    ...stores,
    durations: consentDurations,
    clock: async () => now,
    events: { publish: () => Promise.reject(new Error('the engine is away')) },
  });

describe('creating a consent', () => {
  it('stores it with its deadline and tells of the request and of the consent, in this order', async () => {
    const expirationDateTime = at(30 * 24 * 60 * minute);
    const consent = await create({ type: 'PAYMENT', permissions: ['ACCOUNTS_READ'], expirationDateTime });
    expect(consent).toEqual({
      tenantId,
      id: expect.any(String),
      type: 'PAYMENT',
      status: 'AWAITING_AUTHORISATION',
      permissions: ['ACCOUNTS_READ'],
      expirationDateTime,
      createdAt: t0,
      statusUpdatedAt: t0,
      expiresAt: at(60 * minute),
    });
    expect(await read(consent)).toEqual(consent);
    const events = (await told(consent)).sort((a, b) => a.uid.localeCompare(b.uid));
    expect(events.map(({ type, channel }) => [type, channel])).toEqual([
      ['before:consent:create', 'PAYMENT'],
      ['after:consent:create', 'PAYMENT'],
    ]);
    expect(events.map(({ payload }) => payload?.status)).toEqual(['REQUESTED', 'AWAITING_AUTHORISATION']);
  });

  it('goes by the clock of PostgreSQL', async () => {
    const before = Date.now();
    const consent = await create({}, stores.consents);
    expect(Math.abs(consent.createdAt.getTime() - before)).toBeLessThan(5_000);
    expect((await rowOf(consent))?.created_at).toEqual(consent.createdAt);
  });

  it('is written to the audit log', async () => {
    const consent = await create();
    const { data } = await stores.audit.list(tenantId, { limit: 10 });
    expect(only(data)).toMatchObject({ action: 'consent.create', objectId: consentIdOf(consent.id) });
  });

  it('keeps the number of the document to itself: encrypted, bound to this consent, never shown', async () => {
    const { text, secret } = canary();
    const loggedUser = { document: { identification: secret, rel: 'CPF' } } as const;
    const [consent, other] = [await create({ loggedUser }), await create()];
    const ciphertext = String((await rowOf(consent))?.document_identification);
    const binding = { tenantId, recordId: consent.id, field: 'consents.document_identification' };
    expect((await stores.keyring.decrypt(ciphertext, binding)).reveal()).toBe(text);
    const elsewhere = stores.keyring.decrypt(ciphertext, { ...binding, recordId: other.id });
    await expect(elsewhere).rejects.toThrow(DecryptionError);
    const everything = await Promise.all(
      ['consents', 'consent_actions', 'events', 'deliveries', 'audit'].map((table) =>
        stores.database(table).where({ tenant_id: tenantId }).select('*'),
      ),
    );
    expect(JSON.stringify([everything, consent])).not.toContain(text);
  });

  it('leaves nothing when its events can not be stored', async () => {
    await expect(create({}, speechless())).rejects.toThrow('the engine is away');
    expect((await consents.list(tenantId, { limit: 10 })).data).toEqual([]);
    expect((await stores.audit.list(tenantId, { limit: 10 })).data).toEqual([]);
  });

  it('makes deliveries to the webhooks that want its events, by its type where they are of one', async () => {
    const webhooks = {
      all: await stores.webhook(tenantId, { events: ['*'] }),
      data: await stores.webhook(tenantId, { events: ['after:consent:create'], channels: ['DATA'] }),
      payment: await stores.webhook(tenantId, { events: ['*'], channels: ['PAYMENT'] }),
    };
    const { toStart } = await consents.create(newConsent(tenantId), audited('consent.create'));
    const got = toStart.map(({ webhookId, eventType }) => [webhookId, eventType]);
    expect(got.sort()).toEqual(
      [
        [webhooks.all.id, 'before:consent:create'],
        [webhooks.all.id, 'after:consent:create'],
        [webhooks.data.id, 'after:consent:create'],
      ].sort(),
    );
  });
});

describe('a request that can not become a consent', () => {
  it('is told of alone, with an id that no consent has', async () => {
    const webhook = await stores.webhook(tenantId, { events: ['*'] });
    const { toStart } = await consents.tellOfRequest(tenantId, 'DATA');
    expect(only(toStart)).toMatchObject({ webhookId: webhook.id, eventType: 'before:consent:create' });
    const event = await stores.events.find(tenantId, only(toStart).eventId);
    expect(event?.payload).toMatchObject({ status: 'REQUESTED', type: 'DATA', createdAt: t0.toISOString() });
    const uuid = String(event?.payload?.consentId).replace('urn:everhook:', '');
    expect(only(toStart).eventId).toBe(consentEventId(uuid, 'before:consent:create'));
    expect(await consents.find(tenantId, uuid)).toBeNull();
    expect((await consents.list(tenantId, { limit: 10 })).data).toEqual([]);
  });
});

describe('accepting an action', () => {
  it('stores it with the time of its acceptance, before anything happens to the consent', async () => {
    const consent = await create();
    now = at(58 * minute);
    expect(await accept(consent, 'approve', 'because')).toEqual({
      kind: 'accepted',
      consent,
      action: 'approve',
      acceptedAt: now,
    });
    expect(await read(consent)).toEqual(consent);
    expect(only(await actionRows(consent))).toMatchObject({
      action: 'approve',
      number: 1,
      accepted_at: now,
      settled_at: null,
    });
    // Readable with the key ring only, and only as the reason of this action.
    const { reason } = only(await actionRows(consent));
    expect(reason).not.toContain('because');
    const binding = { tenantId, recordId: consent.id, field: 'consent_actions.approve.reason' };
    expect((await stores.keyring.decrypt(String(reason), binding)).reveal()).toBe('because');
  });

  it('is refused at the deadline, although nobody has noticed it yet, and stores nothing', async () => {
    const consent = await create();
    now = at(60 * minute);
    expect(await accept(consent, 'approve')).toEqual({ kind: 'refused', status: 'EXPIRED', consent });
    expect(await actionRows(consent)).toEqual([]);
    const { data } = await stores.audit.list(tenantId, { limit: 10 });
    expect(data.map(({ action }) => action)).toEqual(['consent.create']);
  });

  it('is judged by what was accepted before, also while that is not carried out', async () => {
    const consent = await create();
    now = at(minute);
    await accept(consent, 'approve');
    now = at(2 * minute);
    expect(await accept(consent, 'reject')).toMatchObject({ kind: 'refused', status: 'AUTHORISED' });
    expect(await accept(consent, 'consume')).toMatchObject({ kind: 'accepted', acceptedAt: now });
    expect((await actionRows(consent)).map(({ action, number }) => [action, number])).toEqual([
      ['approve', 1],
      ['consume', 2],
    ]);
  });

  it('is the first acceptance for who asks again before it is carried out, and a repetition afterwards', async () => {
    const consent = await create();
    now = at(minute);
    const first = await accept(consent, 'approve');
    now = at(2 * minute);
    expect(await accept(consent, 'approve')).toEqual(first);
    await settle(consent);
    expect(await accept(consent, 'approve')).toEqual({ kind: 'repeated', consent: await read(consent) });
    expect(await actionRows(consent)).toHaveLength(1);
  });

  it("finds no consent under an unknown id, or under another tenant's", async () => {
    const consent = await create();
    const request = { action: 'approve', reason: null } as const;
    expect(await consents.accept(tenantId, newId(), request, audited('consent.approve'))).toBeNull();
    expect(await consents.accept(await stores.tenant(), consent.id, request, audited('consent.approve'))).toBeNull();
    expect(await consents.settle(await stores.tenant(), consent.id)).toBeNull();
  });

  it('takes one of many at once', async () => {
    const consent = await create();
    const asked = Array.from({ length: 30 }, (_, index) => (['approve', 'reject', 'revoke'] as const)[index % 3]);
    const answers = await Promise.all(asked.map((action) => accept(consent, action ?? 'revoke')));
    await settle(consent);
    const accepted = (await actionRows(consent)).map(({ action }) => action as string);
    expect([['revoke'], ['approve', 'revoke'], ['reject']]).toContainEqual(accepted);
    const others = answers.filter((answer) => answer?.kind === 'accepted' && !accepted.includes(answer.action));
    expect(others).toEqual([]);
  });
});

describe('settling', () => {
  it('carries out what was accepted as of then, with its event, once', async () => {
    const webhook = await stores.webhook(tenantId, { events: ['consent:approved'] });
    const consent = await create();
    now = at(58 * minute);
    await accept(consent, 'approve');
    now = at(66 * minute);
    const { settled, steps, toStart } = await settle(consent);
    expect(settled).toEqual({
      status: 'AUTHORISED',
      expiresAt: at(128 * minute).toISOString(),
      waitMs: 62 * minute,
    });
    expect(steps.map(({ on }) => on)).toEqual(['approve']);
    expect(only(toStart)).toMatchObject({ webhookId: webhook.id, eventType: 'consent:approved' });
    expect(only(await actionRows(consent)).settled_at).toEqual(now);
    expect(await read(consent)).toMatchObject({ status: 'AUTHORISED', statusUpdatedAt: at(58 * minute) });

    expect(await settle(consent)).toEqual({ settled, type: 'DATA', now, steps: [], toStart: [] });
    expect(await names(consent)).toEqual([...consentEvents.slice(0, 2), 'consent:approved']);
  });

  it('expires what is due, as of the deadline', async () => {
    const consent = await create();
    now = at(59 * minute);
    expect((await settle(consent)).settled).toMatchObject({ status: 'AWAITING_AUTHORISATION', waitMs: minute });
    now = at(66 * minute);
    expect((await settle(consent)).settled).toEqual({ status: 'EXPIRED', expiresAt: null, waitMs: null });
    const expired = (await told(consent)).find(({ type }) => type === 'consent:expired');
    expect(expired?.occurredAt).toEqual(at(60 * minute));
    expect(expired?.payload).toMatchObject({ status: 'EXPIRED', expiredAt: at(60 * minute).toISOString() });
  });

  it('changes nothing when its events can not be stored, and does all of it the next time', async () => {
    const consent = await create();
    await accept(consent, 'reject');
    await expect(speechless().settle(tenantId, consent.id)).rejects.toThrow('the engine is away');
    expect((await read(consent)).status).toBe('AWAITING_AUTHORISATION');
    expect(only(await actionRows(consent)).settled_at).toBeNull();
    await settle(consent);
    expect((await read(consent)).status).toBe('REJECTED');
    expect(await names(consent)).toContain('consent:rejected');
  });

  it('by many at once does everything once', async () => {
    const consent = await create();
    await accept(consent, 'approve');
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => settle(consent)));
    expect(outcomes.flatMap(({ steps }) => steps)).toHaveLength(1);
  });

  it('goes by the durations that the consent was created with', async () => {
    const hasty = { ...stores, clock: async () => now };
    const consent = await create(
      {},
      createConsentStore({ ...hasty, durations: { decisionMs: 1_000, consumptionMs: 2_000 } }),
    );
    await accept(consent, 'approve');
    expect((await settle(consent)).settled.waitMs).toBe(2_000);
  });

  it('goes on although the tenant has used the id of one of its events', async () => {
    const consent = await create();
    await stores.publish(tenantId, { eventId: consentEventId(consent.id, 'consent:approved') });
    await accept(consent, 'approve');
    expect((await settle(consent)).settled.status).toBe('AUTHORISED');
  });

  it('tells nothing of the person, the permissions or the reason', async () => {
    const consent = await create({ permissions: ['LOANS_READ'] });
    await accept(consent, 'approve', 'canary-reason');
    await settle(consent);
    now = at(200 * minute);
    await settle(consent);
    const events = await told(consent);
    expect(events).toHaveLength(4);
    expect(JSON.stringify(events)).not.toMatch(/LOANS_READ|canary-reason|12345678901/);
  });
});

describe('a deadline that many race against, by the real clock', () => {
  it('finds each approval either accepted, and then the consent approved, or refused, and then expired', async () => {
    const real = createConsentStore({ ...stores, durations: { decisionMs: 150, consumptionMs: 60_000 } });
    const racing = await Promise.all(Array.from({ length: 20 }, () => create({}, real)));
    const answers = await Promise.all(
      racing.map(async (consent, index) => {
        await sleep(Math.max(0, consent.createdAt.getTime() + 150 - Date.now() + ((index % 7) - 3) * 4));
        const [answer] = await Promise.all([
          real.accept(tenantId, consent.id, { action: 'approve', reason: null }, audited('consent.approve')),
          real.settle(tenantId, consent.id),
        ]);
        return answer?.kind;
      }),
    );
    await sleep(30);
    for (const [index, consent] of racing.entries()) {
      await real.settle(tenantId, consent.id);
      const expected = answers[index] === 'accepted' ? 'AUTHORISED' : 'EXPIRED';
      expect((await read(consent)).status).toBe(expected);
    }
  });
});

describe('what the sweeper looks for', () => {
  const neglected = async () => (await consents.claimNeglected(100, minute)).map(({ id }) => id);

  beforeEach(async () => {
    await stores.database('consent_actions').delete();
    await stores.database('consents').delete();
  });

  it('is a consent whose run was not started some seconds after its creation, once', async () => {
    const consent = await create();
    now = at(9_999);
    expect(await neglected()).toEqual([]);
    now = at(10_000);
    expect(await consents.claimNeglected(100, minute)).toEqual([consent]);
    expect(await neglected()).toEqual([]);
    now = at(10_000 + minute);
    expect(await neglected()).toEqual([consent.id]);
  });

  it('is not one that is settled, until its deadline is two minutes past', async () => {
    const consent = await create();
    await settle(consent);
    now = at(62 * minute - 1);
    expect(await neglected()).toEqual([]);
    now = at(62 * minute);
    expect(await neglected()).toEqual([consent.id]);
    await settle(consent);
    now = at(1_000 * minute);
    expect(await neglected()).toEqual([]);
  });

  it('is one with an action that was accepted and not carried out', async () => {
    const consent = await create();
    await settle(consent);
    await accept(consent, 'approve');
    now = at(10_000);
    expect(await neglected()).toEqual([consent.id]);
    await settle(consent);
    now = at(3 * minute);
    expect(await neglected()).toEqual([]);
  });

  it('is shared by those who look at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 30 }, () => create()));
    now = at(minute);
    const claims = await Promise.all([1, 2, 3].map(() => consents.claimNeglected(20, minute)));
    const ids = claims.flat().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length + (await neglected()).length).toBe(all.length);
  });
});
