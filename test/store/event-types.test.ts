import { newSigningSecret } from '../../src/domain/signing/standard-webhooks';
import type { Database } from '../../src/store/database';
import { createEventTypeStore, type EventTypeStore } from '../../src/store/event-types';
import { entry, openTestStores, type TestStores } from './stores';

let stores: TestStores;
let eventTypes: EventTypeStore;
let tenantId: string;

beforeAll(async () => {
  stores = await openTestStores();
  eventTypes = createEventTypeStore(stores.database, stores.audit);
});
afterAll(async () => {
  await stores.close();
  await stores.drop();
});
beforeEach(async () => {
  tenantId = await stores.tenant();
});

const put = (name: string, change: object = {}, limit = 10) =>
  eventTypes.put(
    tenantId,
    { name, description: 'Something happened.', schema: null, example: null, ...change },
    limit,
    entry(tenantId, 'event_type.put'),
  );
const remove = (name: string) => eventTypes.remove(tenantId, name, entry(tenantId, 'event_type.delete'));

/** Resolves once some query of this database waits for a lock. */
async function untilSomebodyWaits(): Promise<void> {
  for (;;) {
    const { rows } = await stores.database.raw<{ rows: object[] }>(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (rows.length > 0) return;
  }
}

it('shows schema and example with the keys in the order that they came in', async () => {
  const schema = { type: 'object', properties: { z: true, a: { type: 'string' } } };
  await put('a.b', { schema, example: { z: 1.5, a: '\u{1f600}' } });
  const found = await eventTypes.find(tenantId, 'a.b');
  expect(JSON.stringify([found?.schema, found?.example])).toBe(JSON.stringify([schema, { z: 1.5, a: '\u{1f600}' }]));
});

it('has a greater version after every change, whatever the clock says', async () => {
  const versions: number[] = [];
  for (let change = 0; change < 5; change++) {
    await put('a');
    versions.push(...(await eventTypes.versions(tenantId, ['a', 'b'])).map(({ version }) => version));
  }
  const ahead = new Date(Date.now() + 60_000);
  await stores.database('event_types').where({ tenant_id: tenantId }).update({ updated_at: ahead });
  await put('a');
  versions.push(...(await eventTypes.versions(tenantId, ['a'])).map(({ version }) => version));
  expect(versions).toHaveLength(6);
  expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
  expect(versions.at(-1)).toBeGreaterThan(ahead.getTime());
});

it('makes no more types than the limit when several are made at once', async () => {
  const made = await Promise.all(Array.from({ length: 8 }, (_, index) => put(`t${index}`, {}, 3)));
  expect(made.filter(({ kind }) => kind === 'created')).toHaveLength(3);
  expect(await eventTypes.list(tenantId, { after: null, limit: 10 })).toHaveLength(3);
});

it('lists by the bytes of names, in pages', async () => {
  for (const name of ['b', 'a.b', 'a_b', 'B', 'a']) await put(name);
  const names = async (after: string | null, limit: number) =>
    (await eventTypes.list(tenantId, { after, limit })).map(({ name }) => name);
  expect(await names(null, 3)).toEqual(['B', 'a', 'a.b']);
  expect(await names('a.b', 3)).toEqual(['a_b', 'b']);
  expect(await names('b', 3)).toEqual([]);
  expect((await eventTypes.findFirst(tenantId, (name) => name > 'a.'))?.name).toBe('a.b');
  expect(await eventTypes.findFirst(tenantId, () => false)).toBeNull();
});

describe('a subscription and a removal at the same time', () => {
  const subscribing = (first: (within: Database) => Promise<void>) =>
    stores.webhooks.create(
      {
        tenantId,
        contract: 'everhook',
        targetUrl: 'https://receiver.example',
        events: ['a'],
        disabled: false,
        auth: { type: 'noauth' },
        headers: {},
        timeoutMs: 3000,
        maxRetries: 3,
        signingSecret: newSigningSecret(),
      },
      entry(tenantId, 'webhook.create'),
      first,
    );

  it('the removal waits, and finds the webhook', async () => {
    await put('a');
    let removal: Promise<string> | undefined;
    await subscribing(async (within) => {
      expect(await eventTypes.hold(tenantId, ['a', 'b'], within)).toEqual(new Set(['a']));
      removal = remove('a');
      await untilSomebodyWaits();
    });
    expect(await removal).toBe('subscribed');
  });

  it('the subscription waits, and finds no type', async () => {
    await put('a');
    let held: Promise<Set<string>> | undefined;
    await stores.database.transaction(async (within) => {
      await within('event_types').where({ tenant_id: tenantId, name: 'a' }).delete();
      held = eventTypes.hold(tenantId, ['a'], stores.database);
      await untilSomebodyWaits();
    });
    expect(await held).toEqual(new Set());
  });

  it('what the subscription finds out beforehand undoes it all', async () => {
    await expect(subscribing(() => Promise.reject(new Error('no such type')))).rejects.toThrow('no such type');
    expect(await stores.database('webhooks').where({ tenant_id: tenantId })).toEqual([]);
  });

  it('other tenants hold and remove nothing of it', async () => {
    await put('a');
    const other = await stores.tenant();
    expect(await eventTypes.hold(other, ['a'], stores.database)).toEqual(new Set());
    expect(await eventTypes.remove(other, 'a', entry(other, 'event_type.delete'))).toBe('unknown');
    expect(await eventTypes.find(tenantId, 'a')).not.toBeNull();
  });
});

it('many who make types at once have exactly as many as there may be', async () => {
  const made = await Promise.all(Array.from({ length: 8 }, (_, index) => put(`many.t${index}`, {}, 3)));
  expect(made.filter(({ kind }) => kind === 'created')).toHaveLength(3);
  expect(made.filter(({ kind }) => kind === 'too_many')).toHaveLength(5);
  expect(await eventTypes.list(tenantId, { after: null, limit: 10 })).toHaveLength(3);
});
