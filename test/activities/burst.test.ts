import { randomUUID } from 'node:crypto';
import { leaseOf } from '../../src/activities/burst';
import type { BurstQueueStore, CarriedAttempt } from '../../src/store/burst-queue';
import { StoreUnavailable } from '../../src/store/database';
import { newEvent } from '../store/stores';
import { eventually } from '../support/everhook';
import { startReceiver, type HttpReceiver } from '../support/receivers';
import { openEngine, type Engine } from './engine';

let engine: Engine;
const receivers: HttpReceiver[] = [];

beforeAll(async () => {
  engine = await openEngine({ together: () => true });
});

afterAll(async () => {
  await Promise.all(receivers.map((receiver) => receiver.close()));
  await engine.close();
});

beforeEach(async () => {
  await engine.stores.database('burst_queue').delete();
});

async function receiver(...respond: Parameters<typeof startReceiver>) {
  const started = await startReceiver(...respond);
  receivers.push(started);
  return started;
}

/** So many events for a webhook of their own at this receiver. */
async function publishTo({ url }: HttpReceiver, count: number, maxRetries = 3) {
  const { stores, tenantId } = engine;
  const { id: webhookId } = await stores.webhook(tenantId, { targetUrl: `${url}/hook`, maxRetries });
  const events = Array.from({ length: count }, () => newEvent({ webhookId }));
  const { toStart } = await stores.events.publish(tenantId, events);
  return { webhookId, deliveries: toStart, eventIds: events.map((event) => event.eventId) };
}

/** How the deliveries of a webhook stand. */
async function statuses(webhookId: string) {
  const rows = await engine.stores
    .database('deliveries')
    .where({ webhook_id: webhookId })
    .groupBy('status')
    .select<{ status: string; count: number }[]>('status', engine.stores.database.raw('count(*) AS count'));
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

const attemptsOf = (webhookId: string) =>
  engine.stores
    .database('attempts as a')
    .join('deliveries as d', 'd.id', 'a.delivery_id')
    .where('d.webhook_id', webhookId)
    .orderBy(['a.delivery_id', 'a.number'])
    .select<{ delivery_id: string; number: number; error_class: string | null }[]>(
      'a.delivery_id',
      'a.number',
      'a.error_class',
    );

/** As if all that waits were due. */
const timePasses = () =>
  engine.stores
    .database('burst_queue')
    .where({ lease: null })
    .update({ not_before: new Date(0) });

const received = (target: HttpReceiver, count: number) =>
  eventually(
    () => Promise.resolve(target.requests.length),
    (length) => length === count,
  );

/** What an activity of a burst's run has the leases of. */
const claimedBy = (activity: Parameters<typeof leaseOf>[0]) => {
  const burst = { number: 0, runId: activity.runId, lease: leaseOf(activity) };
  return engine.stores.burstQueue.claim({ burst, limit: 200, rooms: [] });
};

const eventIdsAt = (target: HttpReceiver) => target.requests.map(({ headers }) => headers['webhook-id']);

describe('a trip', () => {
  it('carries all that is due, each delivery once', async () => {
    const target = await receiver();
    const { webhookId, eventIds } = await publishTo(target, 500);
    const { carry } = engine.burstWorker({ allow: [target] });
    const runId = randomUUID();
    const report = await carry({ runId });
    expect(report).toEqual({
      delivered: 500,
      failed: 0,
      cancelled: 0,
      alone: 0,
      together: 0,
      ended: 'empty',
      nextDueMs: null,
    });
    expect(eventIdsAt(target).toSorted()).toEqual(eventIds.toSorted());
    expect(await statuses(webhookId)).toEqual({ delivered: 500 });
    const carriers = await engine.stores
      .database('deliveries')
      .where({ webhook_id: webhookId })
      .distinct('burst_run_id');
    expect(carriers).toEqual([{ burst_run_id: runId }]);
  });

  it('never makes more attempts at once than it may', async () => {
    let now = 0;
    let most = 0;
    const target = await receiver((_request, response) => {
      now += 1;
      most = Math.max(most, now);
      setTimeout(() => {
        now -= 1;
        response.end();
      }, 5);
    });
    const { webhookId } = await publishTo(target, 100);
    await engine.burstWorker({ allow: [target], pace: { mostAtOnce: 10, leastAtOnce: 2 } }).carry();
    expect(await statuses(webhookId)).toEqual({ delivered: 100 });
    expect(most).toBeLessThanOrEqual(10);
    expect(most).toBeGreaterThan(1);
  });

  it('lets a delivery that was refused among others go on in a run of its own', async () => {
    let first = true;
    const target = await receiver((_request, response) => {
      response.writeHead(first ? 503 : 200).end();
      first = false;
    });
    const { webhookId } = await publishTo(target, 10);
    const worker = engine.burstWorker({ allow: [target] });
    expect(await worker.carry()).toMatchObject({ delivered: 9, alone: 1, together: 0, nextDueMs: null });
    expect(worker.started).toHaveLength(1);
    expect(worker.started[0]).toMatchObject({ webhookId, together: false });
    expect(await statuses(webhookId)).toEqual({ delivered: 9, pending: 1 });
    const [refused] = (await attemptsOf(webhookId)).filter(({ error_class }) => error_class !== null);
    expect(refused).toMatchObject({
      number: 1,
      error_class: 'http_status',
      delivery_id: worker.started[0]?.deliveryId,
    });
  });

  it('keeps the deliveries of a webhook that refuses most of them together, by the schedule of each, to their end', async () => {
    const target = await receiver((_request, response) => response.writeHead(500).end());
    const { webhookId } = await publishTo(target, 60, 2);
    const worker = engine.burstWorker({ allow: [target] });
    const first = await worker.carry();
    expect(first.alone + first.together).toBe(60);
    // Until enough of them were refused to tell.
    expect(first.alone).toBeLessThan(10);
    expect(first.nextDueMs).toBeGreaterThan(0);
    expect(first.nextDueMs).toBeLessThanOrEqual(2_000);
    await timePasses();
    expect(await worker.carry()).toMatchObject({ together: first.together, alone: 0 });
    await timePasses();
    expect(await worker.carry()).toMatchObject({ failed: first.together, nextDueMs: null });
    expect(await statuses(webhookId)).toEqual({ failed: first.together, pending: first.alone });
    const made = (await attemptsOf(webhookId)).map(({ number }) => number);
    expect(made.filter((number) => number === 3)).toHaveLength(first.together);
    expect(Math.max(...made)).toBe(3);
  });

  it('cancels what a disabled webhook waits for, and sends nothing', async () => {
    const target = await receiver();
    const { webhookId } = await publishTo(target, 5);
    await engine.stores.database('webhooks').where({ id: webhookId }).update({ disabled: true });
    expect(await engine.burstWorker({ allow: [target] }).carry()).toMatchObject({ cancelled: 5, delivered: 0 });
    expect(await statuses(webhookId)).toEqual({ cancelled: 5 });
    expect(target.requests).toEqual([]);
  });

  it('carries others while a receiver hangs', async () => {
    const [hanging, healthy] = [await receiver(() => {}), await receiver()];
    const hung = await publishTo(hanging, 150);
    const { webhookId } = await publishTo(healthy, 150);
    const worker = engine.burstWorker({ allow: [hanging, healthy], pace: { tripMs: 60_000 } });
    const carrying = worker.carry();
    await eventually(
      () => statuses(webhookId),
      ({ delivered }) => delivered === 150,
    );
    expect(await statuses(hung.webhookId)).toEqual({ pending: 150 });
    worker.stop();
    await carrying;
  });

  it('is made by one activity of a worker at a time', async () => {
    const target = await receiver(() => {});
    await publishTo(target, 1);
    const worker = engine.burstWorker({ allow: [target] });
    const carrying = worker.carry();
    expect(await worker.carry()).toMatchObject({ ended: 'busy', delivered: 0 });
    worker.stop();
    await carrying;
  });

  it('calls for help when it is full all the time', async () => {
    const target = await receiver(() => {});
    await publishTo(target, 20);
    const worker = engine.burstWorker({ allow: [target], pace: { mostAtOnce: 4, leastAtOnce: 4, tripMs: 500 } });
    expect(await worker.carry()).toMatchObject({ ended: 'time' });
    expect(worker.called).toEqual([1]);
    await Promise.all(worker.background);
  });

  it('sends again what was under way in a worker that died', async () => {
    const target = await receiver();
    const { webhookId } = await publishTo(target, 3);
    const runId = randomUUID();
    const claimed = await claimedBy({ runId, activityId: '1' });
    expect(claimed).toHaveLength(3);
    const worker = engine.burstWorker({ allow: [target] });
    expect(await worker.carry({ runId, attempt: 2 })).toMatchObject({ delivered: 3 });
    expect(target.requests).toHaveLength(3);
    expect(await statuses(webhookId)).toEqual({ delivered: 3 });
  });

  it('leaves alone what is under way on another trip', async () => {
    const target = await receiver();
    const { webhookId } = await publishTo(target, 3);
    const runId = randomUUID();
    expect(await claimedBy({ runId, activityId: '2' })).toHaveLength(3);
    const worker = engine.burstWorker({ allow: [target] });
    expect(await worker.carry({ runId, attempt: 2 })).toMatchObject({ delivered: 0, ended: 'empty' });
    expect(target.requests).toEqual([]);
    expect(await statuses(webhookId)).toEqual({ pending: 3 });
  });
});

describe('trouble of our own', () => {
  it('that keeps an attempt from being recorded does not have it sent again', async () => {
    const target = await receiver();
    const { webhookId } = await publishTo(target, 2);
    let failures = 2;
    const burstQueue: BurstQueueStore = {
      ...engine.stores.burstQueue,
      record: (carried: CarriedAttempt) =>
        failures-- > 0
          ? Promise.reject(new StoreUnavailable(new Error('away')))
          : engine.stores.burstQueue.record(carried),
    };
    const worker = engine.burstWorker({ allow: [target], burstQueue });
    expect(await worker.carry()).toMatchObject({ delivered: 2 });
    expect(target.requests).toHaveLength(2);
    expect(await statuses(webhookId)).toEqual({ delivered: 2 });
  });

  it('while looking into the queue does not end the trip', async () => {
    const target = await receiver();
    const { webhookId } = await publishTo(target, 2);
    let failures = 1;
    const burstQueue: BurstQueueStore = {
      ...engine.stores.burstQueue,
      claim: (options) =>
        failures-- > 0
          ? Promise.reject(new StoreUnavailable(new Error('away')))
          : engine.stores.burstQueue.claim(options),
    };
    expect(await engine.burstWorker({ allow: [target], burstQueue }).carry()).toMatchObject({ delivered: 2 });
    expect(await statuses(webhookId)).toEqual({ delivered: 2 });
  });

  it('with a secret leaves its deliveries for later and is no attempt', async () => {
    const [target, other] = [await receiver(), await receiver()];
    const broken = await publishTo(target, 2);
    const { webhookId } = await publishTo(other, 2);
    await engine.stores
      .database('webhook_secrets')
      .where({ webhook_id: broken.webhookId })
      .update({ ciphertext: 'v1.gone.AAAA.AAAA.AAAA' });
    expect(await engine.burstWorker({ allow: [target, other] }).carry()).toMatchObject({ delivered: 2, failed: 0 });
    expect(await statuses(broken.webhookId)).toEqual({ pending: 2 });
    expect(await attemptsOf(broken.webhookId)).toEqual([]);
    expect(await statuses(webhookId)).toEqual({ delivered: 2 });
    const waiting = await engine.stores.database('burst_queue').where({ webhook_id: broken.webhookId });
    expect(waiting).toEqual([
      expect.objectContaining({ attempts: 0, lease: null }),
      expect.objectContaining({ lease: null }),
    ]);
  });

  it('such as a shutdown waits for what is under way and claims nothing more', async () => {
    const waiting: (() => void)[] = [];
    const target = await receiver((_request, response) => void waiting.push(() => response.end()));
    const { webhookId } = await publishTo(target, 6);
    const worker = engine.burstWorker({ allow: [target], pace: { mostAtOnce: 3, leastAtOnce: 3, tripMs: 60_000 } });
    const carrying = worker.carry();
    await received(target, 3);
    worker.stop();
    for (const answer of waiting) answer();
    expect(await carrying).toMatchObject({ delivered: 3, ended: 'time' });
    expect(await statuses(webhookId)).toEqual({ delivered: 3, pending: 3 });
    expect(worker.background.size).toBe(0);
  });
});
