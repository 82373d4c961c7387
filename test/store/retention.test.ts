import type { DeliveryStatus } from '../../src/domain/delivery';
import type { StartableDelivery } from '../../src/domain/delivery-run';
import { deliveryIdOf } from '../../src/domain/ids';
import { createDeliveryStatsStore } from '../../src/store/delivery-stats';
import { listPartitions, makePartitions } from '../../src/store/partitions';
import { PayloadGone } from '../../src/store/redelivery';
import { createRetentionStore, type RetentionStore } from '../../src/store/retention';
import { at, dayMs, daysFromNow } from '../support/clock';
import { eventually } from '../support/everhook';
import { attempt, entry, newEvent, only, openTestStores, type TestStores } from './stores';

let stores: TestStores;
let retention: RetentionStore;
let tenantId: string;
let webhookId: string;

beforeEach(async () => {
  stores = await openTestStores();
  retention = createRetentionStore(stores.database);
  tenantId = await stores.tenant();
  webhookId = (await stores.webhook(tenantId)).id;
  await makePartitions(stores.database, { widthMs: dayMs });
});
afterEach(async () => {
  await stores.close();
  await stores.drop();
});

/** Of the day so many days from now. */
const published = (day: number) => at(daysFromNow(day), async () => only((await stores.publish(tenantId)).toStart));
const end = (delivery: StartableDelivery, status: DeliveryStatus = 'delivered', number = 1) =>
  stores.deliveries.recordAttempt(delivery, attempt({ number }), {
    status,
    dueAt: status === 'pending' ? new Date() : null,
  });
const drop = (day: number, rest: { dryRun?: boolean } = {}) =>
  retention.dropPartitions({ before: daysFromNow(day), auditBefore: daysFromNow(day), ...rest });
const tables = (partitions: { table: string }[]) => [...new Set(partitions.map(({ table }) => table))].sort();
const isThere = async ({ deliveryId, eventId }: StartableDelivery) => ({
  event: (await stores.events.find(tenantId, eventId)) !== null,
  delivery: (await stores.deliveries.find(tenantId, deliveryId)) !== null,
  attempts: (await stores.deliveries.attempts(tenantId, deliveryId)).length,
});
const redeliver = ({ deliveryId }: StartableDelivery) => stores.deliveries.redeliver(tenantId, deliveryId, () => []);
const loads = async (delivery: StartableDelivery) =>
  (await stores.deliveries.loadAttempt({ ...delivery, number: 2, nextWaitMs: null }))?.event.payloadJson;

describe('what is older than is to be kept', () => {
  it('goes with its partition, the audit log included; what is younger stays', async () => {
    const [old, young] = [await published(0), await published(3)];
    for (const one of [old, young]) await end(one);
    await stores.audit.append({ ...entry(tenantId, 'webhook.create'), objectId: 'x' });

    const foretold = await drop(2, { dryRun: true });
    const { dropped, waiting, strays } = await drop(2);
    expect({ dropped, waiting, strays }).toEqual(foretold);
    expect(tables(dropped)).toEqual(['attempts', 'audit', 'deliveries', 'events']);
    expect(
      dropped
        .filter(({ rows }) => rows > 0)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['attempts_first', 'audit_first', 'deliveries_first', 'events_first']);
    expect([waiting, strays]).toEqual([[], 0]);
    expect(await isThere(old)).toEqual({ event: false, delivery: false, attempts: 0 });
    expect(await isThere(young)).toEqual({ event: true, delivery: true, attempts: 1 });
    expect((await stores.audit.list(tenantId, { limit: 10 })).data).toEqual([]);
    expect(await drop(2)).toEqual({ dropped: [], waiting: [], strays: 0 });
    // An attempt that comes too late has no delivery to belong to.
    await end(old, 'delivered', 2);
    expect((await isThere(old)).attempts).toBe(0);
  });

  it('stays while it is pending, with all that it needs, and goes when it has ended', async () => {
    const [waitingOne, ended] = [await published(0), await published(1)];
    await end(waitingOne, 'pending');
    await end(ended);

    const { dropped, waiting } = await drop(3);
    expect(tables(waiting)).toEqual(['attempts', 'deliveries', 'events']);
    expect(await isThere(waitingOne)).toEqual({ event: true, delivery: true, attempts: 1 });
    expect(await isThere(ended)).toEqual({ event: false, delivery: false, attempts: 0 });
    expect(tables(dropped)).toContain('audit');
    expect(await loads(waitingOne)).toBe('{"message":"hello"}');

    await end(waitingOne, 'delivered', 2);
    expect(tables((await drop(3)).dropped)).toEqual(['attempts', 'deliveries', 'events']);
    expect(await isThere(waitingOne)).toEqual({ event: false, delivery: false, attempts: 0 });
  });

  it('stays as the event of a delivery that is made again days later', async () => {
    const old = await published(0);
    await end(old, 'failed');
    const again = await at(daysFromNow(3), () => redeliver(old));
    if (!again) throw new Error('not redelivered');

    const { dropped, waiting } = await drop(2);
    expect(tables(waiting)).toEqual(['events']);
    expect(tables(dropped)).toEqual(['attempts', 'audit', 'deliveries', 'events']);
    expect(await isThere(old)).toEqual({ event: true, delivery: false, attempts: 0 });
    expect(await loads(again.delivery)).toBe('{"message":"hello"}');

    await end(again.delivery);
    expect(tables((await drop(2)).dropped)).toEqual(['events']);
    expect(await isThere(again.delivery)).toEqual({ event: false, delivery: true, attempts: 1 });
    await expect(redeliver(again.delivery)).rejects.toThrow(PayloadGone);
  });

  it('stays when somebody is about to deliver it once more, who is waited for', async () => {
    const old = await published(0);
    await end(old, 'failed');
    const row = await stores.database('deliveries').where({ id: old.deliveryId }).first<Record<string, unknown>>();
    const dropping = await stores.database.transaction(async (within) => {
      await within.raw('SELECT 1 FROM events WHERE id = ? FOR SHARE', [old.eventUid]);
      const running = drop(1);
      running.catch(() => {});
      await eventually(
        () =>
          stores.database.raw<{ rows: unknown[] }>(
            `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'events'::regclass`,
          ),
        ({ rows }) => rows.length > 0,
      );
      const again = {
        ...row,
        id: deliveryIdOf({ ...old, redelivery: 1, at: daysFromNow(2) }),
        status: 'pending',
        completed_at: null,
        redelivery: 1,
      };
      await within('deliveries').insert(again);
      return { running };
    });
    const { waiting } = await dropping.running;
    expect(tables(waiting)).toEqual(['events']);
  });

  it('goes also where it has no partition of its own', async () => {
    const stray = await published(200);
    const pending = await published(201);
    await end(stray);
    expect(await stores.database('events_default').select('id')).toHaveLength(2);
    // As if they had been stored with a clock that was behind: the partitions of that time are gone.
    expect((await drop(300, { dryRun: true })).strays).toBe(3);
    expect((await drop(300)).strays).toBe(3);
    expect(await isThere(stray)).toEqual({ event: false, delivery: false, attempts: 0 });
    expect(await isThere(pending)).toEqual({ event: true, delivery: true, attempts: 0 });
  });

  it('is not counted by the statistics of a webhook any more, what stays is', async () => {
    for (const day of [0, 3]) await end(await published(day));
    const stats = () => createDeliveryStatsStore(stores.database).ofWebhook(tenantId, webhookId, new Date(0));
    expect(await stats()).toMatchObject({ deliveries: { delivered: 2 }, durationMs: { p50: 120 } });
    await drop(2);
    expect(await stats()).toMatchObject({ deliveries: { delivered: 1 }, durationMs: { p50: 120 } });
  });
});

describe('payloads', () => {
  const remove = (day: number, dryRun = false) => retention.removePayloads({ before: daysFromNow(day), dryRun });

  it('and answers of receivers go before their events, but not those of what is pending', async () => {
    const [ended, pending, young] = [await published(0), await published(0), await published(2)];
    await end(ended, 'failed');
    await end(pending, 'pending');
    await end(young, 'failed');

    expect(await remove(1, true)).toEqual({ payloads: 1, responseBodies: 1 });
    expect(await remove(1)).toEqual({ payloads: 1, responseBodies: 1 });
    expect(await remove(1)).toEqual({ payloads: 0, responseBodies: 0 });
    expect(await stores.events.find(tenantId, ended.eventId)).toMatchObject({ payload: null, type: 'everhook.test' });
    expect(await stores.deliveries.attempts(tenantId, ended.deliveryId)).toMatchObject([
      { statusCode: 503, responseBody: null, responseHeaders: null },
    ]);
    for (const one of [pending, young]) {
      expect(await stores.events.find(tenantId, one.eventId)).toMatchObject({ payload: { message: 'hello' } });
      expect(await stores.deliveries.attempts(tenantId, one.deliveryId)).toMatchObject([{ responseBody: 'busy' }]);
    }
    expect(await loads(pending)).toBe('{"message":"hello"}');

    await end(pending, 'failed', 2);
    expect(await remove(1)).toEqual({ payloads: 1, responseBodies: 2 });
    expect(await remove(3)).toEqual({ payloads: 1, responseBodies: 1 });
    expect(await remove(3)).toEqual({ payloads: 0, responseBodies: 0 });
  });

  it('that are gone are not delivered once more; others of the webhook are', async () => {
    const [gone, kept] = [await published(0), await published(2)];
    for (const one of [gone, kept]) await end(one, 'failed');
    await remove(1);
    await expect(redeliver(gone)).rejects.toThrow(PayloadGone);
    const window = { since: new Date(0), until: daysFromNow(9) };
    expect(await stores.deliveries.failedWithoutPayloadIn(tenantId, webhookId, window)).toBe(true);
    const later = { since: daysFromNow(1), until: daysFromNow(9) };
    expect(await stores.deliveries.failedWithoutPayloadIn(tenantId, webhookId, later)).toBe(false);
    expect(await stores.deliveries.failedIn(tenantId, webhookId, { ...window, afterId: null, limit: 10 })).toEqual([
      kept.deliveryId,
    ]);
    const ids = [gone.deliveryId, kept.deliveryId];
    const again = await stores.deliveries.redeliverFailed(tenantId, webhookId, ids, () => []);
    expect(again.map(({ eventUid }) => eventUid)).toEqual([kept.eventUid]);
  });

  it('go in bounded batches, of every tenant, with the work ended where somebody says so', async () => {
    const other = await stores.tenant();
    await stores.webhook(other);
    for (const tenant of [tenantId, other]) {
      const events = Array.from({ length: 600 }, () => newEvent());
      await stores.events.publish(tenant, events);
      await stores
        .database('deliveries')
        .where({ tenant_id: tenant })
        .update({ status: 'failed', completed_at: new Date() });
    }
    let batches = 0;
    const stop = () => {
      batches += 1;
      if (batches === 3) throw new Error('stopped');
    };
    const removal = { before: daysFromNow(1) };
    await expect(retention.removePayloads({ ...removal, onProgress: stop })).rejects.toThrow('stopped');
    const left = await stores.database('events').whereNotNull('payload').select('id');
    expect(left).toHaveLength(100);
    expect(await retention.removePayloads(removal)).toEqual({ payloads: 100, responseBodies: 0 });
  });
});

describe("publishers' ids", () => {
  const forget = (day: number, dryRun = false) => retention.removeEventKeys({ before: daysFromNow(day), dryRun });

  it('outlive their events: publishing one again is no new event until they are forgotten', async () => {
    const event = newEvent();
    const publish = async () => only((await stores.events.publish(tenantId, [event])).results);
    await publish();
    await stores.database('deliveries').update({ status: 'failed', completed_at: new Date() });
    // Not before the event itself.
    expect(await forget(30)).toEqual({ eventKeys: 0 });
    await drop(2);
    expect(await publish()).toMatchObject({ kind: 'stored', duplicate: true, deliveries: [] });
    const changed = { ...event, payload: { message: 'other' } };
    expect((await stores.events.publish(tenantId, [changed])).results).toMatchObject([{ kind: 'conflict' }]);

    expect(await forget(-1)).toEqual({ eventKeys: 0 });
    expect(await forget(2, true)).toEqual({ eventKeys: 1 });
    expect(await forget(2)).toEqual({ eventKeys: 1 });
    expect(await at(daysFromNow(3), publish)).toMatchObject({ kind: 'stored', duplicate: false });
    expect(await forget(30)).toEqual({ eventKeys: 0 });
  });

  it('are all looked at, however many there are', async () => {
    await drop(1);
    const [oldest] = await listPartitions(stores.database, 'events');
    await stores.database.raw(
      `INSERT INTO event_keys SELECT ?, repeat('k', 100) || n, '019a0000-0000-7000-8000-000000000000', decode(repeat('00', 32), 'hex'), now()
       FROM generate_series(1, 60000) n`,
      [tenantId],
    );
    await published(3);
    expect(oldest?.from).not.toBeNull();
    expect(await forget(-1)).toEqual({ eventKeys: 60_000 });
    expect(await stores.database('event_keys').select('event_id')).toHaveLength(1);
  });
});
