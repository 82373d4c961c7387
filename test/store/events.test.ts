import { newId } from '../../src/domain/ids';
import type { Published } from '../../src/store/events';
import { entry, newEvent, only, openTestStores, retryBaseMs, type TestStores } from './stores';

let stores: TestStores;

beforeAll(async () => {
  stores = await openTestStores();
});

afterAll(async () => {
  await stores.close();
  await stores.drop();
});

const publish = async (tenantId: string, ...events: ReturnType<typeof newEvent>[]) =>
  stores.events.publish(tenantId, events);

const kinds = (results: Published[]) => results.map((result) => result.kind);
const webhooksOf = (result: Published | undefined) =>
  result?.kind === 'stored' ? result.deliveries.map((delivery) => delivery.webhookId).sort() : result?.kind;

async function count(table: string, tenantId: string): Promise<number> {
  const rows = await stores.database(table).where({ tenant_id: tenantId }).count<{ count: number }[]>();
  return rows[0]?.count ?? 0;
}

const countsOf = async (tenantId: string) =>
  Promise.all(['event_keys', 'events', 'deliveries'].map((table) => count(table, tenantId)));

describe('publishing an event', () => {
  it('makes one delivery for each webhook that wants its type, and none for the others', async () => {
    const tenantId = await stores.tenant();
    const wants = [await stores.webhook(tenantId), await stores.webhook(tenantId, { events: ['x', 'everhook.test'] })];
    const other = await stores.webhook(tenantId, { events: ['everhook.testing', 'everhook'] });
    const disabled = await stores.webhook(tenantId, { disabled: true });
    const deleted = await stores.webhook(tenantId);
    await stores.webhooks.remove(tenantId, deleted.id, entry(tenantId, 'webhook.delete'));
    await stores.webhook(await stores.tenant());

    const { results, toStart } = await publish(tenantId, newEvent({ eventId: 'evt_1' }));
    const expected = wants.map((webhook) => webhook.id).sort();
    expect(webhooksOf(results[0])).toEqual(expected);
    expect(toStart.map((delivery) => delivery.webhookId).sort()).toEqual(expected);
    expect(expected).not.toContain(other.id);
    expect(expected).not.toContain(disabled.id);
    expect(await countsOf(tenantId)).toEqual([1, 1, 2]);
  });

  it('hands over what a workflow needs, equal to what is stored', async () => {
    const tenantId = await stores.tenant();
    const webhook = await stores.webhook(tenantId, {
      contract: 'sovrin',
      events: ['OpenIdCredentialIssued'],
      maxRetries: 2,
    });
    const { toStart, deliveries } = await stores.publish(tenantId, {
      eventId: 'evt_1',
      type: 'OpenIdCredentialIssued',
    });
    const start = only(toStart);
    expect(start).toMatchObject({
      tenantId,
      webhookId: webhook.id,
      redelivery: 0,
      eventId: 'evt_1',
      eventType: 'OpenIdCredentialIssued',
      contract: 'sovrin',
      retrySchedule: [retryBaseMs, 2 * retryBaseMs],
    });
    expect(start.deliveryId).toBe(only(deliveries).id);
    expect(await stores.deliveries.find(tenantId, start.deliveryId)).toMatchObject({
      ...start,
      status: 'pending',
      startedAt: null,
      completedAt: null,
      lastErrorClass: null,
      nextAttemptAt: expect.any(Date),
    });
  });

  it('goes to the named webhook only, if that wants it and is enabled', async () => {
    const tenantId = await stores.tenant();
    const [named, other, disabled] = [
      await stores.webhook(tenantId),
      await stores.webhook(tenantId, { events: ['other.type'] }),
      await stores.webhook(tenantId, { disabled: true }),
    ];
    const { results } = await publish(
      tenantId,
      newEvent({ webhookId: named.id }),
      newEvent({ webhookId: other.id }),
      newEvent({ webhookId: disabled.id }),
    );
    expect(results.map(webhooksOf)).toEqual([[named.id], [], []]);
  });

  it('is refused for a webhook that is unknown, deleted or of another tenant, without keeping others from it', async () => {
    const [tenantId, stranger] = [await stores.tenant(), await stores.tenant()];
    const foreign = await stores.webhook(stranger);
    const deleted = await stores.webhook(tenantId);
    await stores.webhooks.remove(tenantId, deleted.id, entry(tenantId, 'webhook.delete'));
    const refused = [newId(), foreign.id, deleted.id].map((webhookId) => newEvent({ webhookId }));
    const { results, toStart } = await publish(tenantId, ...refused, newEvent());
    expect(kinds(results)).toEqual(['unknown_webhook', 'unknown_webhook', 'unknown_webhook', 'stored']);
    expect(toStart).toEqual([]);
    expect(await countsOf(tenantId)).toEqual([1, 1, 0]);
    expect(await countsOf(stranger)).toEqual([0, 0, 0]);
  });

  it('stores an event that nobody wants', async () => {
    const tenantId = await stores.tenant();
    expect(kinds((await publish(tenantId, newEvent())).results)).toEqual(['stored']);
    expect(await countsOf(tenantId)).toEqual([1, 1, 0]);
  });

  it('takes an empty batch', async () => {
    expect(await publish(await stores.tenant())).toEqual({ results: [], toStart: [] });
  });

  it('keeps the payload as the text it was, numbers, key order, control characters and all', async () => {
    const tenantId = await stores.tenant();
    const webhook = await stores.webhook(tenantId);
    const payload = JSON.parse(
      '{"z":1,"a":{"nul":"a\\u0000b","lone":"\\ud800","emoji":"😀","deep":[[[]]]},"n":1e21,"__proto__":{"x":1},"small":5e-324}',
    ) as Record<string, unknown>;
    const { toStart } = await stores.publish(tenantId, { eventId: 'evt_1', payload, webhookId: webhook.id });
    const text = JSON.stringify(payload);
    expect((await stores.events.find(tenantId, 'evt_1'))?.payloadJson).toBe(text);
    const loaded = await stores.deliveries.loadAttempt({ ...only(toStart), number: 1, nextWaitMs: null });
    expect(loaded?.event).toMatchObject({ id: 'evt_1', type: 'everhook.test', payloadJson: text });
  });

  it('keeps when it happened, or else takes the time of publishing', async () => {
    const tenantId = await stores.tenant();
    await stores.webhook(tenantId);
    const occurredAt = new Date('2020-02-29T12:00:00.001Z');
    const before = Date.now();
    const [said, unsaid] = [await stores.publish(tenantId, { occurredAt }), await stores.publish(tenantId)];
    const load = async ({ toStart }: typeof said) =>
      (await stores.deliveries.loadAttempt({ ...only(toStart), number: 1, nextWaitMs: null }))?.event.occurredAt;
    expect(await load(said)).toEqual(occurredAt);
    expect((await load(unsaid))?.getTime()).toBeGreaterThanOrEqual(before);
    expect(await stores.events.find(tenantId, unsaid.eventId)).toMatchObject({ occurredAt: null });
  });
});

describe('publishing an id again', () => {
  it('answers with the deliveries of the first time and changes nothing when the content is the same', async () => {
    const tenantId = await stores.tenant();
    await stores.webhook(tenantId);
    const event = newEvent({ payload: { a: 1, b: 2 } });
    const [first] = (await publish(tenantId, event)).results;
    await stores.webhook(tenantId);
    const again = await publish(tenantId, { ...event, payload: { b: 2, a: 1 } });
    expect(again.results).toEqual([{ ...first, duplicate: true }]);
    expect(again.toStart).toEqual([]);
    expect(await countsOf(tenantId)).toEqual([1, 1, 1]);
  });

  it('answers with the first deliveries also when one was redelivered since', async () => {
    const tenantId = await stores.tenant();
    await stores.webhook(tenantId);
    const event = newEvent();
    const { results, toStart } = await publish(tenantId, event);
    await stores.deliveries.settleCancelled(tenantId, only(toStart).deliveryId);
    await stores.deliveries.redeliver(tenantId, only(toStart).deliveryId, () => []);
    const again = await publish(tenantId, event);
    expect(again.results).toEqual([{ ...results[0], duplicate: true }]);
  });

  it('is a duplicate too when the webhook it named was deleted since', async () => {
    const tenantId = await stores.tenant();
    const webhook = await stores.webhook(tenantId);
    const event = newEvent({ webhookId: webhook.id });
    const [first] = (await publish(tenantId, event)).results;
    await stores.webhooks.remove(tenantId, webhook.id, entry(tenantId, 'webhook.delete'));
    expect((await publish(tenantId, event)).results).toEqual([{ ...first, duplicate: true }]);
    expect(kinds((await publish(tenantId, { ...event, payload: {} })).results)).toEqual(['unknown_webhook']);
  });

  it.each([
    ['payload', { payload: { message: 'other' } }],
    ['type', { type: 'other.type' }],
    ['instant', { occurredAt: new Date(0) }],
  ])('is a conflict that changes nothing with another %s', async (_name, change) => {
    const tenantId = await stores.tenant();
    await stores.webhook(tenantId, { events: ['everhook.test', 'other.type'] });
    const event = newEvent();
    await publish(tenantId, event);
    const before = await stores.events.find(tenantId, event.eventId);
    const { results, toStart } = await publish(tenantId, { ...event, ...change });
    expect(results).toEqual([{ kind: 'conflict', eventId: event.eventId }]);
    expect(toStart).toEqual([]);
    expect(await stores.events.find(tenantId, event.eventId)).toEqual(before);
    expect(await countsOf(tenantId)).toEqual([1, 1, 1]);
  });

  it('is another event when another tenant does it', async () => {
    const [one, two] = [await stores.tenant(), await stores.tenant()];
    await publish(one, newEvent({ eventId: 'same', payload: { of: 'one' } }));
    const { results } = await publish(two, newEvent({ eventId: 'same', payload: { of: 'two' } }));
    expect(results).toMatchObject([{ kind: 'stored', duplicate: false }]);
    expect((await stores.events.find(one, 'same'))?.payload).toEqual({ of: 'one' });
  });

  it('makes one event and one delivery a webhook when 50 do it at once', async () => {
    const tenantId = await stores.tenant();
    await Promise.all([stores.webhook(tenantId), stores.webhook(tenantId), stores.webhook(tenantId)]);
    const event = newEvent();
    const all = await Promise.all(Array.from({ length: 50 }, () => publish(tenantId, event)));
    expect(all.filter(({ results }) => results[0]?.kind === 'stored' && !results[0].duplicate)).toHaveLength(1);
    expect(all.flatMap(({ toStart }) => toStart)).toHaveLength(3);
    const answers = new Set(
      all.map(({ results: [result] }) =>
        JSON.stringify(result?.kind === 'stored' && result.deliveries.map(({ id }) => id).sort()),
      ),
    );
    expect(answers.size).toBe(1);
    expect(await countsOf(tenantId)).toEqual([1, 1, 3]);
  });

  it('makes one event when 20 publish it at once with contents of their own: one wins, the others conflict', async () => {
    const tenantId = await stores.tenant();
    const event = newEvent();
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, turn) => publish(tenantId, { ...event, payload: { turn } })),
    );
    const stored = all.flatMap(({ results }, turn) => (results[0]?.kind === 'stored' ? [turn] : []));
    expect(stored).toHaveLength(1);
    expect((await stores.events.find(tenantId, event.eventId))?.payload).toEqual({ turn: stored[0] });
  });
});

describe('a batch', () => {
  it('keeps their order in lists, within one millisecond too', async () => {
    const tenantId = await stores.tenant();
    const ids = Array.from({ length: 20 }, (_, n) => `event-${n}`);
    await publish(tenantId, ...ids.map((eventId) => newEvent({ eventId })));
    const { data } = await stores.events.list(tenantId, { limit: 50 });
    expect(data.map(({ eventId }) => eventId)).toEqual([...ids].reverse());
  });

  it('answers in order, each event for itself', async () => {
    const tenantId = await stores.tenant();
    const webhook = await stores.webhook(tenantId);
    const known = newEvent({ eventId: 'known' });
    await publish(tenantId, known);
    const { results, toStart } = await publish(
      tenantId,
      newEvent({ eventId: 'new-1' }),
      known,
      { ...known, payload: {} },
      newEvent({ eventId: 'lost', webhookId: newId() }),
      newEvent({ eventId: 'new-2', type: 'unwanted' }),
    );
    expect(results).toMatchObject([
      { kind: 'stored', eventId: 'new-1', duplicate: false },
      { kind: 'stored', eventId: 'known', duplicate: true },
      { kind: 'conflict', eventId: 'known' },
      { kind: 'unknown_webhook', eventId: 'lost' },
      { kind: 'stored', eventId: 'new-2', duplicate: false, deliveries: [] },
    ]);
    expect(toStart.map(({ eventId, webhookId }) => [eventId, webhookId])).toEqual([['new-1', webhook.id]]);
  });

  it('treats an id that it has twice as if it had been published twice', async () => {
    const tenantId = await stores.tenant();
    await stores.webhook(tenantId);
    const event = newEvent();
    const { results, toStart } = await publish(
      tenantId,
      event,
      { ...event, payload: { other: true } },
      event,
      newEvent({ eventId: 'named-later', webhookId: newId() }),
      newEvent({ eventId: 'named-later' }),
    );
    expect(results).toMatchObject([
      { kind: 'stored', duplicate: false },
      { kind: 'conflict' },
      { kind: 'stored', duplicate: true },
      { kind: 'unknown_webhook' },
      { kind: 'stored', duplicate: false },
    ]);
    expect(results[2]).toEqual({ ...results[0], duplicate: true });
    expect(toStart).toHaveLength(2);
    expect(await countsOf(tenantId)).toEqual([2, 2, 2]);
  });

  it('neither deadlocks nor doubles when overlapping ones come in opposite orders at once', async () => {
    const tenantId = await stores.tenant();
    await stores.webhook(tenantId);
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const events = ids.map((eventId) => newEvent({ eventId }));
    // Holds the key in the middle until both wait: each then has the keys on its own side of it, or should not.
    const holder = await stores.database.transaction();
    await holder('event_keys').insert({
      tenant_id: tenantId,
      event_id: 'c',
      event_uid: newId(),
      content_digest: Buffer.alloc(32),
      created_at: new Date(),
    });
    const both = Promise.all([publish(tenantId, ...events), publish(tenantId, ...[...events].reverse())]);
    for (;;) {
      const { rows } = await stores.database.raw<{ rows: { waiting: number }[] }>(
        `SELECT count(*) AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      if (rows[0]?.waiting === 2) break;
    }
    await holder.rollback();
    const all = await both;
    const first = all.flatMap(({ results }) => results.filter((r) => r.kind === 'stored' && !r.duplicate));
    expect(first.map((result) => result.eventId).sort()).toEqual(ids);
    expect(all.every(({ results }) => results.every((result) => result.kind === 'stored'))).toBe(true);
    expect(await countsOf(tenantId)).toEqual([5, 5, 5]);
  });

  it('stores all of 1,000 events with 3 deliveries each', async () => {
    const tenantId = await stores.tenant();
    for (let turn = 0; turn < 3; turn += 1) await stores.webhook(tenantId);
    const { results, toStart } = await publish(tenantId, ...Array.from({ length: 1_000 }, () => newEvent()));
    expect(results.every((result) => result.kind === 'stored')).toBe(true);
    expect(toStart).toHaveLength(3_000);
    expect(await countsOf(tenantId)).toEqual([1_000, 1_000, 3_000]);
  });

  it('stores nothing at all when the database refuses one of them', async () => {
    const tenantId = await stores.tenant();
    await stores.webhook(tenantId);
    const events = [newEvent(), newEvent({ eventId: 'a full stop.' }), newEvent()];
    await expect(publish(tenantId, ...events)).rejects.toThrow(/check constraint/);
    expect(await countsOf(tenantId)).toEqual([0, 0, 0]);
  });
});

describe('reading events', () => {
  it("finds only the tenant's own", async () => {
    const [mine, stranger] = [await stores.tenant(), await stores.tenant()];
    await stores.publish(mine, { eventId: 'mine' });
    expect(await stores.events.find(mine, 'mine')).toMatchObject({ eventId: 'mine', tenantId: mine });
    expect(await stores.events.find(stranger, 'mine')).toBeNull();
    expect(await stores.events.find(mine, 'unknown')).toBeNull();
    expect((await stores.events.list(stranger, { limit: 10 })).data).toEqual([]);
  });

  it('lists them newest first, page by page, by type and by time, without their payloads', async () => {
    const tenantId = await stores.tenant();
    const events = Array.from({ length: 7 }, (_, index) =>
      newEvent({ eventId: `evt_${index}`, type: index % 2 ? 'odd' : 'even' }),
    );
    await publish(tenantId, ...events);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await stores.events.list(tenantId, { limit: 3, ...(cursor && { cursor }) });
      seen.push(...page.data.map((event) => event.eventId));
      for (const event of page.data) expect(event).not.toHaveProperty('payload');
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect([...seen].sort()).toEqual(events.map((event) => event.eventId));

    const odd = await stores.events.list(tenantId, { limit: 10, type: 'odd' });
    expect(odd.data.map((event) => event.eventId).sort()).toEqual(['evt_1', 'evt_3', 'evt_5']);
    const later = new Date(Date.now() + 1);
    expect((await stores.events.list(tenantId, { limit: 10, after: later })).data).toEqual([]);
    expect((await stores.events.list(tenantId, { limit: 10, before: later })).data).toHaveLength(7);
    expect((await stores.events.list(tenantId, { limit: 10, before: new Date('1969-01-01') })).data).toEqual([]);
    expect((await stores.events.list(tenantId, { limit: 10, after: new Date('1969-01-01') })).data).toHaveLength(7);
  });
});
