import type { Consent } from '../../src/domain/consent/consent';
import { consentEventId } from '../../src/domain/consent/event';
import type { ConsentAction } from '../../src/domain/consent/machine';
import { newId } from '../../src/domain/ids';
import { createConsentStore, type ConsentStore } from '../../src/store/consents';
import { newConsent } from './new-consent';
import { consentDurations, entry, openTestStores, type TestStores } from './stores';

const now = new Date('2026-03-01T12:00:00.000Z');

let stores: TestStores;
let tenantId: string;
let consents: ConsentStore;

beforeAll(async () => {
  stores = await openTestStores();
});

beforeEach(async () => {
  tenantId = await stores.tenant();
  consents = createConsentStore({ ...stores, durations: consentDurations, clock: async () => now });
});

afterAll(async () => {
  await stores.close();
  await stores.drop();
});

const create = async () =>
  (await consents.create(newConsent(tenantId), { ...entry(tenantId, 'consent.create'), objectType: 'consent' }))
    .consent;
const accept = (consent: Consent, action: ConsentAction) =>
  consents.accept(
    tenantId,
    consent.id,
    { action, reason: null },
    { ...entry(tenantId, `consent.${action}`), objectType: 'consent' },
  );
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

describe('settling many consents at once', () => {
  it('gives each of them what is its own', async () => {
    const webhook = await stores.webhook(tenantId, { events: ['consent:approved', 'consent:rejected'] });
    const created = await Promise.all(Array.from({ length: 60 }, () => create()));
    const eventOf = { approve: 'consent:approved', reject: 'consent:rejected' } as const;
    const actionOf = (index: number) => (['approve', 'reject', null] as const)[index % 3] ?? null;
    for (const [index, consent] of created.entries()) {
      const action = actionOf(index);
      if (action) await accept(consent, action);
    }
    const outcomes = await Promise.all(created.map((consent) => settle(consent)));
    for (const [index, outcome] of outcomes.entries()) {
      const action = actionOf(index);
      expect(outcome.steps.map(({ on }) => on)).toEqual(action ? [action] : []);
      expect(outcome.toStart.map(({ eventId, webhookId }) => ({ eventId, webhookId }))).toEqual(
        action
          ? [
              {
                eventId: consentEventId(created[index]?.id ?? '', eventOf[action]),
                webhookId: webhook.id,
              },
            ]
          : [],
      );
    }
    const statuses = (await Promise.all(created.map(read))).map(({ status }) => status);
    expect(statuses.slice(0, 3)).toEqual(['AUTHORISED', 'REJECTED', 'AWAITING_AUTHORISATION']);
    expect(statuses).toEqual(statuses.map((_, index) => statuses[index % 3]));
  });

  it('fails for those alone whose events can not be stored', async () => {
    const created = await Promise.all(Array.from({ length: 12 }, () => create()));
    for (const consent of created) await accept(consent, 'approve');
    const unspeakable = consentEventId(created[4]?.id ?? '', 'consent:approved');
    const publish: typeof stores.events.publish = (tenant, events, within) =>
      events.some(({ eventId }) => eventId === unspeakable)
        ? Promise.reject(new Error('this one can not be stored'))
        : stores.events.publish(tenant, events, within);
    const choosy = createConsentStore({
      ...stores,
      durations: consentDurations,
      clock: async () => now,
      events: { publish },
    });
    const outcomes = await Promise.allSettled(created.map((consent) => choosy.settle(tenantId, consent.id)));
    expect(outcomes.map(({ status }) => status === 'rejected')).toEqual(created.map((_, index) => index === 4));
    const statuses = (await Promise.all(created.map(read))).map(({ status }) => status);
    expect(statuses).toEqual(created.map((_, index) => (index === 4 ? 'AWAITING_AUTHORISATION' : 'AUTHORISED')));
  });

  it('finds those that exist, whatever is asked for beside them', async () => {
    const consent = await create();
    const ids = [newId(), consent.id, newId(), newId()];
    const outcomes = await Promise.all(ids.map((id) => consents.settle(tenantId, id)));
    expect(outcomes.map((outcome) => outcome?.settled.status)).toEqual([
      undefined,
      'AWAITING_AUTHORISATION',
      undefined,
      undefined,
    ]);
  });
});
