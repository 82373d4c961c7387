import type { DeliveryStatus } from '../../src/domain/delivery';
import { newId } from '../../src/domain/ids';
import { attempt, deliveredAttempt, entry, newEvent, openTestStores, pendingDelivery, type TestStores } from './stores';

let stores: TestStores;

beforeAll(async () => {
  stores = await openTestStores();
});

afterAll(async () => {
  await stores.close();
  await stores.drop();
});

const pending = () => pendingDelivery(stores);

describe('redelivering', () => {
  const redeliver = (tenantId: string, id: string) =>
    stores.deliveries.redeliver(tenantId, id, (retries) => Array<number>(retries).fill(7));

  it('answers with the pending delivery there is', async () => {
    const { tenantId, delivery } = await pending();
    const again = await redeliver(tenantId, delivery.deliveryId);
    expect(again).toMatchObject({ created: false, delivery: { deliveryId: delivery.deliveryId } });
  });

  it.each<DeliveryStatus>(['delivered', 'failed', 'cancelled'])(
    'makes a new pending delivery of the same event of one that is %s, with the schedule of now',
    async (status) => {
      const { tenantId, delivery, webhook } = await pending();
      if (status === 'cancelled') await stores.deliveries.settleCancelled(tenantId, delivery.deliveryId);
      else await stores.deliveries.recordAttempt(delivery, attempt(), { status, dueAt: null });
      await stores.webhooks.update(tenantId, webhook.id, { maxRetries: 2 }, entry(tenantId, 'webhook.update'));
      const again = await redeliver(tenantId, delivery.deliveryId);
      expect(again).toMatchObject({
        created: true,
        delivery: {
          status: 'pending',
          redelivery: 1,
          eventUid: delivery.eventUid,
          eventId: delivery.eventId,
          webhookId: webhook.id,
          retrySchedule: [7, 7],
          startedAt: null,
        },
      });
      expect(again?.delivery.deliveryId).not.toBe(delivery.deliveryId);
      expect((await stores.deliveries.find(tenantId, delivery.deliveryId))?.status).toBe(status);
      // Of either of them now: the new one is pending.
      expect(await redeliver(tenantId, delivery.deliveryId)).toMatchObject({
        created: false,
        delivery: { deliveryId: again?.delivery.deliveryId },
      });
    },
  );

  it('counts on: the third of one event has its own identity', async () => {
    const { tenantId, delivery } = await pending();
    const ids = [delivery.deliveryId];
    for (let turn = 0; turn < 3; turn += 1) {
      await stores.deliveries.settleCancelled(tenantId, ids.at(-1) ?? '');
      ids.push((await redeliver(tenantId, ids[0] ?? ''))?.delivery.deliveryId ?? '');
    }
    expect(new Set(ids).size).toBe(4);
    expect((await stores.deliveries.find(tenantId, ids[3] ?? ''))?.redelivery).toBe(3);
  });

  it('makes one when many ask at once', async () => {
    const { tenantId, delivery } = await pending();
    await stores.deliveries.settleCancelled(tenantId, delivery.deliveryId);
    const all = await Promise.all(Array.from({ length: 10 }, () => redeliver(tenantId, delivery.deliveryId)));
    expect(all.filter((one) => one?.created)).toHaveLength(1);
    expect(new Set(all.map((one) => one?.delivery.deliveryId)).size).toBe(1);
  });

  it("knows neither unknown deliveries nor another tenant's", async () => {
    const { tenantId, delivery } = await pending();
    await stores.deliveries.settleCancelled(tenantId, delivery.deliveryId);
    expect(await redeliver(tenantId, newId())).toBeNull();
    expect(await redeliver(await stores.tenant(), delivery.deliveryId)).toBeNull();
  });
});

describe('what failed in a window', () => {
  it('is the failed ones whose last delivery failed, oldest first, page by page', async () => {
    const tenantId = await stores.tenant();
    const webhook = await stores.webhook(tenantId);
    const other = await stores.webhook(tenantId, { events: ['other'] });
    const since = new Date();
    const { toStart } = await stores.events.publish(
      tenantId,
      Array.from({ length: 7 }, () => newEvent()),
    );
    await stores.publish(tenantId, { type: 'other', webhookId: other.id });
    const [good, pending, redelivered, ...failed] = toStart;
    if (!good || !pending || !redelivered) throw new Error('too few');
    await stores.deliveries.recordAttempt(good, deliveredAttempt, { status: 'delivered', dueAt: null });
    for (const one of [redelivered, ...failed]) {
      await stores.deliveries.recordAttempt(one, attempt(), { status: 'failed', dueAt: null });
    }
    await stores.deliveries.redeliver(tenantId, redelivered.deliveryId, () => []);

    const until = new Date(Date.now() + 1);
    const window = { since, until, afterId: null, limit: 3 };
    const expected = failed.map((one) => one.deliveryId).sort();
    const first = await stores.deliveries.failedIn(tenantId, webhook.id, window);
    expect(first).toEqual(expected.slice(0, 3));
    const rest = await stores.deliveries.failedIn(tenantId, webhook.id, { ...window, afterId: first.at(-1) ?? null });
    expect(rest).toEqual(expected.slice(3));

    const found = async (change: object, tenant = tenantId, id = webhook.id) =>
      (await stores.deliveries.failedIn(tenant, id, { ...window, limit: 50, ...change })).length;
    expect(await found({})).toBe(4);
    expect(await found({ since: until })).toBe(0);
    expect(await found({ until: since })).toBe(0);
    expect(await found({ since: new Date('1960-01-01') })).toBe(4);
    expect(await found({}, tenantId, other.id)).toBe(0);
    expect(await found({}, await stores.tenant())).toBe(0);
  });

  it('is delivered again in one go, each once, however many ask, and never for another tenant or webhook', async () => {
    const { tenantId, webhook } = await pending();
    const other = await stores.webhook(tenantId, { events: ['other'] });
    const { toStart } = await stores.events.publish(tenantId, [newEvent(), newEvent(), newEvent()]);
    const [one, two, good] = toStart;
    if (!one || !two || !good) throw new Error('too few');
    for (const failed of [one, two]) {
      await stores.deliveries.recordAttempt(failed, attempt(), { status: 'failed', dueAt: null });
    }
    await stores.deliveries.recordAttempt(good, deliveredAttempt, { status: 'delivered', dueAt: null });
    const ids = toStart.map((delivery) => delivery.deliveryId);
    const again = (tenant = tenantId, id = webhook.id) => stores.deliveries.redeliverFailed(tenant, id, ids, () => [5]);
    expect(await again(await stores.tenant())).toEqual([]);
    expect(await again(tenantId, other.id)).toEqual([]);
    const all = (await Promise.all([again(), again(), again()])).flat();
    expect(all.map(({ eventUid }) => eventUid).sort()).toEqual([one.eventUid, two.eventUid].sort());
    expect(all[0]).toMatchObject({ status: 'pending', redelivery: 1, retrySchedule: [5], webhookId: webhook.id });
  });

  it('has a redelivery that failed too, instead of what it redelivered', async () => {
    const { tenantId, delivery, webhook } = await pending();
    await stores.deliveries.recordAttempt(delivery, attempt(), { status: 'failed', dueAt: null });
    const again = await stores.deliveries.redeliver(tenantId, delivery.deliveryId, () => []);
    if (!again) throw new Error('not redelivered');
    await stores.deliveries.recordAttempt(again.delivery, attempt(), { status: 'failed', dueAt: null });
    const window = { since: new Date(0), until: new Date(Date.now() + 1_000), afterId: null, limit: 10 };
    expect(await stores.deliveries.failedIn(tenantId, webhook.id, window)).toEqual([again.delivery.deliveryId]);
  });
});
