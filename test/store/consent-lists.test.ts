import { randomUUID } from 'node:crypto';
import { createConsentStore, type ConsentStore, type NewConsent } from '../../src/store/consents';
import { newConsent } from './new-consent';
import { consentDurations, entry, openTestStores, type TestStores } from './stores';

const t0 = new Date('2026-03-01T12:00:00.000Z');
const at = (ms: number) => new Date(t0.getTime() + ms);
let stores: TestStores;
let tenantId: string;
let now = t0;
let consents: ConsentStore;

beforeAll(async () => {
  stores = await openTestStores();
  tenantId = await stores.tenant();
  consents = createConsentStore({ ...stores, durations: consentDurations, clock: async () => now });
});

afterAll(async () => {
  await stores.close();
  await stores.drop();
});

const create = async (rest: Partial<NewConsent> = {}) =>
  (await consents.create(newConsent(tenantId, rest), entry(tenantId, 'consent.create'))).consent;

describe('reading consents', () => {
  it('lists them by status and type, newest first, in pages, and only the tenant’s own', async () => {
    const first = await create();
    now = at(1);
    const second = await create({ type: 'PAYMENT' });
    now = at(2);
    const third = await create();
    const rejection = { action: 'reject', reason: null } as const;
    await consents.accept(tenantId, third.id, rejection, entry(tenantId, 'consent.reject'));
    await consents.settle(tenantId, third.id);
    const ids = async (query: Partial<Parameters<ConsentStore['list']>[1]>, tenant = tenantId) => {
      const { data, nextCursor } = await consents.list(tenant, { limit: 10, ...query });
      return [data.map(({ id }) => id), nextCursor] as const;
    };
    expect(await ids({})).toEqual([[third.id, second.id, first.id], null]);
    expect(await ids({ type: 'PAYMENT' })).toEqual([[second.id], null]);
    expect(await ids({ status: 'REJECTED' })).toEqual([[third.id], null]);
    expect(await ids({ after: at(1), before: at(2) })).toEqual([[second.id], null]);
    const [page, cursor] = await ids({ limit: 2 });
    expect(page).toEqual([third.id, second.id]);
    expect(await ids({ limit: 2, cursor: cursor ?? randomUUID() })).toEqual([[first.id], null]);
    expect(await ids({}, await stores.tenant())).toEqual([[], null]);
    expect(await consents.find(await stores.tenant(), first.id)).toBeNull();
  });
});
