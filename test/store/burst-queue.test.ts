import { randomUUID } from 'node:crypto';
import type { StartableDelivery } from '../../src/domain/delivery-run';
import type { Burst, CarriedAttempt, ClaimedDelivery } from '../../src/store/burst-queue';
import { attempt, deliveredAttempt, newEvent, only, openTestStores, type TestStores } from './stores';

let stores: TestStores;
let tenantId: string;

beforeAll(async () => {
  stores = await openTestStores({ together: () => true });
});

afterAll(async () => {
  await stores.close();
  await stores.drop();
});

beforeEach(async () => {
  await stores.database('burst_queue').delete();
  tenantId = await stores.tenant();
});

const trip = (): Burst => ({ number: 0, runId: randomUUID(), lease: randomUUID() });

function claim({
  burst = trip(),
  limit = 200,
  rooms = [],
}: Partial<Parameters<TestStores['burstQueue']['claim']>[0]> = {}) {
  return stores.burstQueue.claim({ burst, limit, rooms });
}

/** So many events for one webhook; their deliveries. */
async function publish(count: number, webhookId: string): Promise<StartableDelivery[]> {
  const events = Array.from({ length: count }, () => newEvent({ webhookId }));
  return (await stores.events.publish(tenantId, events)).toStart;
}

const idsOf = (claimed: readonly ClaimedDelivery[]) => claimed.map(({ delivery }) => delivery.deliveryId).sort();

/** What a burst stores of a first attempt that was refused and is to come again together after 2 s. */
function carried(delivery: StartableDelivery, rest: Partial<CarriedAttempt> = {}): CarriedAttempt {
  const { deliveryId } = delivery;
  return {
    tenantId,
    deliveryId,
    attempt: attempt(),
    status: 'pending',
    waitMs: 2_000,
    onward: 'together',
    burst: trip(),
    ...rest,
  };
}

async function one(): Promise<StartableDelivery> {
  const { id } = await stores.webhook(tenantId);
  return only(await publish(1, id));
}

const stored = (delivery: StartableDelivery) => stores.deliveries.find(tenantId, delivery.deliveryId);
const inQueue = () => stores.database('burst_queue').count({ count: '*' }).first();
/** As if so much time had passed. */
const later = (ms: number) =>
  stores.database('burst_queue').update({ not_before: stores.database.raw(`not_before - ${ms} * interval '1 ms'`) });

describe('publishing under pressure', () => {
  it('puts a delivery into the queue, where the sweeper does not look for it', async () => {
    const delivery = await one();
    expect(delivery.together).toBe(true);
    expect(await stores.burstQueue.countDue()).toBe(1);
    expect(await stores.deliveries.claimUnstarted(10, 1_000)).toEqual([]);
    expect(await stores.deliveries.countUnstarted()).toBe(0);
  });

  it('leaves those whose attempts may take long to workflows of their own', async () => {
    const { id } = await stores.webhook(tenantId, { contract: 'tyk', events: ['UserRegistered'] });
    const { toStart } = await stores.events.publish(tenantId, [newEvent({ type: 'UserRegistered', webhookId: id })]);
    expect(only(toStart).together).toBeUndefined();
    expect(await stores.burstQueue.countDue()).toBe(0);
  });

  it('puts a repeated event into it once', async () => {
    const { id: webhookId } = await stores.webhook(tenantId);
    const event = newEvent({ webhookId });
    await stores.events.publish(tenantId, [event]);
    const again = await stores.events.publish(tenantId, [event]);
    expect(again.toStart).toEqual([]);
    expect(await stores.burstQueue.countDue()).toBe(1);
  });
});

describe('recovering many deliveries that failed', () => {
  it('puts them into the queue, too', async () => {
    const { id } = await stores.webhook(tenantId);
    const deliveries = await publish(3, id);
    await claim();
    for (const delivery of deliveries) await stores.burstQueue.record(carried(delivery, { status: 'failed' }));
    const ids = deliveries.map(({ deliveryId }) => deliveryId);
    const again = await stores.deliveries.redeliverFailed(tenantId, id, ids, () => [2_000]);
    expect(again.map(({ together, redelivery }) => [together, redelivery])).toEqual([
      [true, 1],
      [true, 1],
      [true, 1],
    ]);
    expect(idsOf(await claim())).toEqual(again.map(({ deliveryId }) => deliveryId).sort());
    expect(await stores.deliveries.claimUnstarted(100, 1_000)).toEqual([]);
  });
});

describe('a claim', () => {
  it('has all that the attempt needs', async () => {
    const delivery = await one();
    const { number, loaded, delivery: found } = only(await claim());
    expect(number).toBe(1);
    expect(found).toMatchObject({ deliveryId: delivery.deliveryId, retrySchedule: [2_000, 4_000, 8_000] });
    const alone = await stores.deliveries.loadAttempt({ ...delivery, number: 1, nextWaitMs: null });
    expect(loaded).toEqual({ ...alone, now: expect.any(Function) as unknown });
    expect(Math.abs(loaded.now().getTime() - Date.now())).toBeLessThan(60_000);
  });

  it('is nobody else’s until its lease ends', async () => {
    const delivery = await one();
    expect(idsOf(await claim())).toEqual([delivery.deliveryId]);
    expect(await claim()).toEqual([]);
    await later(30_001);
    expect(idsOf(await claim())).toEqual([delivery.deliveryId]);
  });

  it('never has what another has at the same moment', async () => {
    const { id } = await stores.webhook(tenantId);
    await publish(100, id);
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim({ limit: 20 })));
    const ids = claims.flatMap(idsOf);
    expect(new Set(ids).size).toBe(ids.length);
    const rest = await claim();
    expect(ids.length + rest.length).toBe(100);
  });

  it('is shared out among the webhooks that wait', async () => {
    const [crowd, few] = await Promise.all([stores.webhook(tenantId), stores.webhook(tenantId)]);
    await publish(300, crowd.id);
    const awaited = await publish(5, few.id);
    const claimed = await claim({ limit: 100 });
    expect(claimed.length).toBeLessThanOrEqual(100);
    expect(idsOf(claimed)).toEqual(expect.arrayContaining(awaited.map((delivery) => delivery.deliveryId)));
  });

  it('is shared out among tenants: one with many webhooks leaves room for another', async () => {
    for (let webhook = 0; webhook < 30; webhook += 1) await publish(10, (await stores.webhook(tenantId)).id);
    tenantId = await stores.tenant();
    const awaited = await publish(5, (await stores.webhook(tenantId)).id);
    const claimed = await claim({ limit: 40 });
    expect(idsOf(claimed)).toEqual(expect.arrayContaining(awaited.map((delivery) => delivery.deliveryId)));
  });

  it('takes no more of a webhook than there is room for', async () => {
    const [full, nearly, free] = await Promise.all([1, 2, 3].map(() => stores.webhook(tenantId)));
    for (const { id } of [full, nearly, free].filter((webhook) => webhook !== undefined)) await publish(10, id);
    const claimed = await claim({
      rooms: [
        { tenantId, webhookId: full?.id ?? '', room: 0 },
        { tenantId, webhookId: nearly?.id ?? '', room: 3 },
      ],
    });
    const of = (id?: string) => claimed.filter(({ delivery }) => delivery.webhookId === id).length;
    expect([of(full?.id), of(nearly?.id), of(free?.id)]).toEqual([0, 3, 10]);
  });

  it('goes by the webhook as it is now', async () => {
    const delivery = await one();
    await stores.database('webhooks').where({ id: delivery.webhookId }).update({ disabled: true });
    expect(only(await claim()).loaded.webhook.silent).toBe(true);
  });

  it('takes out what stands for a delivery that is gone', async () => {
    const [gone, there] = [await one(), await one()];
    await stores.database('deliveries').where({ id: gone.deliveryId }).delete();
    expect(idsOf(await claim())).toEqual([there.deliveryId]);
    expect(await inQueue()).toEqual({ count: 1 });
  });

  it('leaves out a delivery that was cancelled', async () => {
    const delivery = await one();
    expect(await stores.deliveries.settleCancelled(tenantId, delivery.deliveryId)).toBe(true);
    expect(await claim()).toEqual([]);
    expect(await inQueue()).toEqual({ count: 0 });
  });
});

describe('a record', () => {
  it('of a success ends the delivery, which names the run that carried it', async () => {
    const delivery = await one();
    const burst = trip();
    await claim({ burst });
    await stores.burstQueue.record(carried(delivery, { attempt: deliveredAttempt, status: 'delivered', burst }));
    expect(await inQueue()).toEqual({ count: 0 });
    expect(await stored(delivery)).toMatchObject({
      status: 'delivered',
      completedAt: new Date('2026-01-15T09:30:00.120Z'),
      burst: { number: 0, runId: burst.runId },
    });
    expect(await stores.deliveries.attempts(tenantId, delivery.deliveryId)).toEqual([deliveredAttempt]);
  });

  it('of a refusal has the delivery wait with the others of its webhook', async () => {
    const delivery = await one();
    await claim();
    await stores.burstQueue.record(carried(delivery));
    expect(await claim()).toEqual([]);
    expect(await stored(delivery)).toMatchObject({ status: 'pending', lastErrorClass: 'http_status' });
    await later(2_001);
    expect(only(await claim()).number).toBe(2);
    expect(await stores.deliveries.claimOverdue(10, 0, 1_000)).toEqual([]);
  });

  it('of a refusal lets a delivery go on alone: its own run finds the attempt made', async () => {
    const delivery = await one();
    await claim();
    await stores.burstQueue.record(carried(delivery, { onward: 'alone' }));
    expect(await inQueue()).toEqual({ count: 0 });
    expect(await stored(delivery)).toMatchObject({ status: 'pending', burst: null });
    expect((await stores.deliveries.loadAttempt({ ...delivery, number: 1, nextWaitMs: 2_000 }))?.recorded).toEqual({
      errorClass: 'http_status',
      statusCode: 503,
    });
    // Nobody started it: it is the sweeper's when the grace is over.
    expect(await stores.deliveries.claimUnstarted(10, 1_000)).toEqual([]);
    await stores
      .database('deliveries')
      .where({ id: delivery.deliveryId })
      .update({ claimed_until: new Date(0) });
    expect((await stores.deliveries.claimUnstarted(10, 1_000)).map((d) => d.deliveryId)).toEqual([delivery.deliveryId]);
  });

  it('changes nothing the second time', async () => {
    const delivery = await one();
    await claim();
    await stores.burstQueue.record(carried(delivery, { attempt: deliveredAttempt, status: 'delivered' }));
    await stores.burstQueue.record(carried(delivery, { status: 'failed' }));
    expect(await stored(delivery)).toMatchObject({ status: 'delivered' });
    expect(await stores.deliveries.attempts(tenantId, delivery.deliveryId)).toEqual([deliveredAttempt]);
  });

  it('of an attempt that was under way when its delivery was cancelled leaves that cancelled', async () => {
    const delivery = await one();
    await claim();
    await stores.deliveries.settleCancelled(tenantId, delivery.deliveryId);
    await stores.burstQueue.record(carried(delivery));
    expect(await stored(delivery)).toMatchObject({ status: 'cancelled' });
    expect(await stores.deliveries.attempts(tenantId, delivery.deliveryId)).toHaveLength(1);
    expect(await inQueue()).toEqual({ count: 0 });
  });

  it('of many is one statement for all', async () => {
    const { id } = await stores.webhook(tenantId);
    const deliveries = await publish(50, id);
    await claim();
    const statements: string[] = [];
    const listen = ({ sql }: { sql: string }) => void statements.push(sql);
    stores.database.on('query', listen);
    await Promise.all(
      deliveries.map((one) =>
        stores.burstQueue.record(carried(one, { attempt: deliveredAttempt, status: 'delivered' })),
      ),
    );
    stores.database.off('query', listen);
    expect(statements.length).toBeLessThanOrEqual(3);
    expect(await inQueue()).toEqual({ count: 0 });
  });
});

describe('what is under way', () => {
  it('is given back when its worker is gone, and nothing else is', async () => {
    const { id } = await stores.webhook(tenantId);
    await publish(4, id);
    const lost = trip();
    const [mine, others] = [await claim({ burst: lost, limit: 2 }), await claim({ limit: 2 })];
    expect([mine.length, others.length]).toEqual([2, 2]);
    expect(await stores.burstQueue.giveUpLeases(lost.lease)).toBe(2);
    expect(idsOf(await claim())).toEqual(idsOf(mine));
  });

  it('is given back for later when it could not be tried, with no attempt counted', async () => {
    const delivery = await one();
    await claim();
    await stores.burstQueue.giveBack([delivery], 5_000);
    expect(await claim()).toEqual([]);
    await later(5_001);
    expect(only(await claim()).number).toBe(1);
  });
});

describe('the queue', () => {
  it('tells when the first of what waits is due', async () => {
    expect(await stores.burstQueue.nextDueMs()).toBeNull();
    const [first, second] = [await one(), await one()];
    await claim();
    await stores.burstQueue.record(carried(first, { waitMs: 60_000 }));
    await stores.burstQueue.record(carried(second, { waitMs: 20_000 }));
    const ms = await stores.burstQueue.nextDueMs();
    expect(ms).toBeLessThanOrEqual(20_000);
    expect(ms).toBeGreaterThan(10_000);
    await later(30_000);
    expect(await stores.burstQueue.nextDueMs()).toBe(0);
  });

  it('hurries what waits, but not what is under way or is not there', async () => {
    const delivery = await one();
    const hurry = () => stores.burstQueue.hurry(tenantId, delivery.deliveryId);
    await claim();
    expect(await hurry()).toBe('under_way');
    await stores.burstQueue.record(carried(delivery));
    expect(await claim()).toEqual([]);
    expect(await hurry()).toBe('hurried');
    expect(await claim()).toHaveLength(1);
    expect(await stores.burstQueue.hurry(await stores.tenant(), delivery.deliveryId)).toBe('not_here');
  });

  it('is disbanded where bursts were turned off: the sweeper gets all that nobody carries', async () => {
    const { id } = await stores.webhook(tenantId);
    const deliveries = await publish(3, id);
    const [carriedNow] = idsOf(await claim({ limit: 1, rooms: [{ tenantId, webhookId: id, room: 1 }] }));
    expect(await stores.burstQueue.disband(10)).toBe(2);
    const free = deliveries.map(({ deliveryId }) => deliveryId).filter((deliveryId) => deliveryId !== carriedNow);
    const claimed = await stores.deliveries.claimUnstarted(100, 1_000);
    const ofWebhook = claimed.filter(({ webhookId }) => webhookId === id);
    expect(ofWebhook.map(({ deliveryId }) => deliveryId).sort()).toEqual(free.sort());
  });
});
