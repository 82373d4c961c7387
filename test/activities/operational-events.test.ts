import { deliveryFailedType, webhookRecoveredType } from '../../src/domain/operational-events';
import { newId } from '../../src/domain/ids';
import { newEvent } from '../store/stores';
import { eventually } from '../support/everhook';
import { startReceiver, type HttpReceiver } from '../support/receivers';
import { openEngine, type Engine } from './engine';

let engine: Engine;
let receiver: HttpReceiver;
let status = 500;
let together = false;

beforeAll(async () => {
  engine = await openEngine({ together: () => together });
  receiver = await startReceiver((_request, response) => response.writeHead(status).end());
});

afterAll(async () => {
  await receiver.close();
  await engine.close();
});

beforeEach(async () => {
  status = 500;
  together = false;
  engine.operational.length = 0;
  await engine.stores.database('webhooks').update({ deleted_at: new Date() });
});

const untold = async () => (await engine.stores.database('failed_deliveries').select('delivery_id')).length;

/** Makes the last attempt of this delivery's. */
const giveUpOn = (deliveryId: string) =>
  engine
    .worker({ allow: [receiver] })
    .attemptDelivery({ tenantId: engine.tenantId, deliveryId, number: 1, nextWaitMs: null });

async function fails(webhookId: string): Promise<string> {
  const { toStart } = await engine.stores.events.publish(engine.tenantId, [newEvent({ webhookId })]);
  const [{ deliveryId } = { deliveryId: '' }] = toStart;
  await giveUpOn(deliveryId);
  return deliveryId;
}

const subscriber = (events: string[]) => engine.stores.webhook(engine.tenantId, { events, targetUrl: receiver.url });
const target = () => subscriber(['everhook.test']);
const eventOf = async ({ eventId }: { eventId: string }) => engine.stores.events.find(engine.tenantId, eventId);
const tell = async () => {
  const { failureReports } = engine.stores;
  const told = (await failureReports.untold(100)).map((webhook) => failureReports.tell(webhook));
  return (await Promise.all(told)).flatMap((toStart) => toStart ?? []);
};

/** As if a minute had passed. */
const aMinuteLater = () =>
  engine.stores.database.raw(`UPDATE webhooks SET failures_told_at = failures_told_at - interval '61 s'`);

describe('deliveries that failed for good', () => {
  it('are told at once, then once a minute with their count, to whoever subscribed', async () => {
    const operations = await subscriber([deliveryFailedType]);
    const { id: webhookId } = await target();
    const first = await fails(webhookId);
    const told = await tell();
    expect(told).toMatchObject([{ webhookId: operations.id, eventType: deliveryFailedType }]);
    expect((await eventOf({ eventId: told[0]?.eventId ?? '' }))?.payload).toMatchObject({
      webhookId,
      contract: 'everhook',
      count: 1,
      deliveries: [{ deliveryId: first, eventType: 'everhook.test', errorClass: 'http_status' }],
    });

    for (let i = 0; i < 12; i++) await fails(webhookId);
    expect(await tell()).toEqual([]);
    await aMinuteLater();
    const [again] = await tell();
    const payload = (await eventOf({ eventId: again?.eventId ?? '' }))?.payload;
    expect(payload).toMatchObject({ count: 12 });
    expect(payload?.deliveries).toHaveLength(10);
    expect(await untold()).toBe(0);
  });

  it('are told of bursts, too', async () => {
    await subscriber(['delivery.*']);
    together = true;
    const { id: webhookId } = await engine.stores.webhook(engine.tenantId, { targetUrl: receiver.url, maxRetries: 0 });
    await engine.stores.events.publish(engine.tenantId, [newEvent({ webhookId }), newEvent({ webhookId })]);
    await engine.burstWorker({ allow: [receiver] }).carry();
    const [told] = await tell();
    expect((await eventOf({ eventId: told?.eventId ?? '' }))?.payload).toMatchObject({ webhookId, count: 2 });
  });

  it('are not told of what told of failures itself', async () => {
    await subscriber([deliveryFailedType]);
    await fails((await target()).id);
    const [told] = await tell();
    await giveUpOn(told?.deliveryId ?? '');
    expect((await engine.stores.deliveries.find(engine.tenantId, told?.deliveryId ?? ''))?.status).toBe('failed');
    expect(await untold()).toBe(0);
  });

  it('cost nothing where nobody wants to know, or only another tenant does', async () => {
    const other = await engine.stores.tenant();
    await engine.stores.webhook(other, { events: [deliveryFailedType] });
    await fails((await target()).id);
    expect(await untold()).toBe(0);
  });

  it('are told of ten webhooks of a tenant at a time: an outage of many keeps no other tenant waiting', async () => {
    const { stores, tenantId } = engine;
    const other = await stores.tenant();
    const fail = async (of: string) => {
      const { id: webhookId } = await stores.webhook(of, { events: ['everhook.test'] });
      const row = { tenant_id: of, delivery_id: newId(), webhook_id: webhookId, event_id: 'e', failed_at: new Date() };
      await stores.database('failed_deliveries').insert({ ...row, event_type: 'everhook.test' });
    };
    for (let nth = 0; nth < 12; nth += 1) await fail(tenantId);
    await fail(other);
    for (const one of [tenantId, other]) await stores.webhook(one, { events: [deliveryFailedType] });
    const due = async (limit: number) => (await stores.failureReports.untold(limit)).map((one) => one.tenantId).sort();
    expect(await due(2)).toEqual([tenantId, other].sort());
    expect(await due(100)).toEqual([...Array.from({ length: 10 }, () => tenantId), other].sort());
    await tell();
    expect(await due(100)).toEqual([tenantId, tenantId]);
    await tell();
    expect(await untold()).toBe(0);
  });

  it('are told first where nothing was told for longest', async () => {
    await subscriber([deliveryFailedType]);
    const [once, never] = [await target(), await target()];
    await fails(once.id);
    await tell();
    await aMinuteLater();
    await fails(once.id);
    await fails(never.id);
    expect(await engine.stores.failureReports.untold(1)).toMatchObject([{ webhookId: never.id }]);
    await tell();
  });

  it('are told once, by whichever worker sweeps first', async () => {
    await subscriber(['*']);
    await fails((await target()).id);
    const told = await Promise.all([tell(), tell(), tell()]);
    expect(new Set(told.flat().map(({ eventId }) => eventId)).size).toBe(1);
  });
});

describe('a webhook that answers again', () => {
  /** One that began to fail so many seconds ago. */
  async function failing(seconds: number) {
    const { id: webhookId } = await target();
    await engine.stores
      .database('webhooks')
      .where({ id: webhookId })
      .update({ failing_since: engine.stores.database.raw(`now() - ? * interval '1 s'`, [seconds]) });
    return webhookId;
  }

  const isWell = (webhookId: string) =>
    eventually(
      () => engine.stores.database('webhooks').where({ id: webhookId }).first<{ failing_since: Date | null }>(),
      (row) => row.failing_since === null,
    );

  it('after a minute is told of; after a moment it is not', async () => {
    const operations = await subscriber([webhookRecoveredType]);
    const long = await failing(90);
    const short = await failing(5);
    status = 204;
    await Promise.all([fails(long), fails(short)]);
    await Promise.all([isWell(long), isWell(short)]);
    await eventually(
      () => Promise.resolve(engine.operational),
      (told) => told.length > 0,
    );
    expect(engine.operational).toMatchObject([{ webhookId: operations.id, eventType: webhookRecoveredType }]);
    expect((await eventOf(engine.operational[0] ?? { eventId: '' }))?.payload).toMatchObject({ webhookId: long });
  });

  it('after it was disabled for failing and enabled by hand is told of', async () => {
    await subscriber([webhookRecoveredType]);
    const webhookId = await failing(7 * 24 * 3600);
    await engine.stores
      .database('webhooks')
      .where({ id: webhookId })
      .update({ failing_since: null, disabled_failing_since: new Date('2026-01-10T09:30:00Z') });
    status = 204;
    await fails(webhookId);
    await eventually(
      () => Promise.resolve(engine.operational),
      (told) => told.length > 0,
    );
    const event = await eventOf(engine.operational[0] ?? { eventId: '' });
    expect(event?.payload).toMatchObject({ webhookId, failingSince: '2026-01-10T09:30:00.000Z' });
    await fails(webhookId);
    expect(engine.operational).toHaveLength(1);
  });
});
