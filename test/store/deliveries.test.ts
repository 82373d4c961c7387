import type { AttemptRecord, DeliveryStatus } from '../../src/domain/delivery';
import { newId } from '../../src/domain/ids';
import { InvalidCursor } from '../../src/store/cursor';
import {
  attempt,
  attemptedAt,
  deliveredAttempt,
  entry,
  newEvent,
  only,
  openTestStores,
  pendingDelivery,
  type TestStores,
} from './stores';

let stores: TestStores;

beforeAll(async () => {
  stores = await openTestStores();
});

afterAll(async () => {
  await stores.close();
  await stores.drop();
});

const pending = () => pendingDelivery(stores);

describe('recording an attempt', () => {
  it('that failed leaves the delivery pending until its next one', async () => {
    const { tenantId, delivery } = await pending();
    const dueAt = new Date(attemptedAt.getTime() + 2_120);
    await stores.deliveries.recordAttempt(delivery, attempt(), { status: 'pending', dueAt });
    expect(await stores.deliveries.attempts(tenantId, delivery.deliveryId)).toEqual([attempt()]);
    expect(await stores.deliveries.find(tenantId, delivery.deliveryId)).toMatchObject({
      status: 'pending',
      nextAttemptAt: dueAt,
      startedAt: attemptedAt,
      completedAt: null,
      lastErrorClass: 'http_status',
    });
  });

  it.each<[DeliveryStatus, AttemptRecord]>([
    ['delivered', deliveredAttempt],
    ['failed', attempt({ statusCode: null, errorClass: 'timeout', responseBody: null })],
  ])('that ended the delivery makes it %s', async (status, record) => {
    const { tenantId, delivery } = await pending();
    await stores.deliveries.recordAttempt(delivery, record, { status, dueAt: null });
    expect(await stores.deliveries.find(tenantId, delivery.deliveryId)).toMatchObject({
      status,
      nextAttemptAt: null,
      completedAt: new Date(attemptedAt.getTime() + 120),
      lastErrorClass: record.errorClass,
    });
  });

  it("that an earlier build carried has no answer's headers", async () => {
    const { tenantId, delivery } = await pending();
    const carried = attempt();
    delete carried.responseHeaders;
    await stores.deliveries.recordAttempt(delivery, carried, { status: 'failed', dueAt: null });
    const none = { ...carried, responseHeaders: null };
    expect(await stores.deliveries.attempts(tenantId, delivery.deliveryId)).toEqual([none]);
  });

  it('changes nothing the second time, whatever that says', async () => {
    const { tenantId, delivery } = await pending();
    await stores.deliveries.recordAttempt(delivery, attempt(), { status: 'pending', dueAt: new Date() });
    const before = await stores.deliveries.find(tenantId, delivery.deliveryId);
    await stores.deliveries.recordAttempt(delivery, deliveredAttempt, { status: 'delivered', dueAt: null });
    expect(await stores.deliveries.find(tenantId, delivery.deliveryId)).toEqual(before);
    expect(await stores.deliveries.attempts(tenantId, delivery.deliveryId)).toEqual([attempt()]);
  });

  it('happens once when many do it at the same time', async () => {
    const { tenantId, delivery } = await pending();
    const then = { status: 'pending', dueAt: new Date() } as const;
    await Promise.all(Array.from({ length: 8 }, () => stores.deliveries.recordAttempt(delivery, attempt(), then)));
    expect(await stores.deliveries.attempts(tenantId, delivery.deliveryId)).toHaveLength(1);
  });

  it('of a delivery cancelled meanwhile keeps the attempt and leaves it cancelled', async () => {
    const { tenantId, delivery } = await pending();
    await stores.deliveries.settleCancelled(tenantId, delivery.deliveryId);
    const cancelled = await stores.deliveries.find(tenantId, delivery.deliveryId);
    await stores.deliveries.recordAttempt(delivery, deliveredAttempt, { status: 'delivered', dueAt: null });
    expect(await stores.deliveries.find(tenantId, delivery.deliveryId)).toEqual(cancelled);
    expect(await stores.deliveries.attempts(tenantId, delivery.deliveryId)).toHaveLength(1);
  });

  it('keeps them all in order, up to the eleventh', async () => {
    const { tenantId, delivery } = await pending();
    for (const number of [2, 1, 11, 3]) {
      await stores.deliveries.recordAttempt(delivery, attempt({ number }), { status: 'pending', dueAt: null });
    }
    const attempts = await stores.deliveries.attempts(tenantId, delivery.deliveryId);
    expect(attempts.map(({ number }) => number)).toEqual([1, 2, 3, 11]);
  });

  it("stores nothing under another tenant's name", async () => {
    const { tenantId, delivery } = await pending();
    const stranger = await stores.tenant();
    const foreign = { ...delivery, tenantId: stranger };
    await stores.deliveries.recordAttempt(foreign, deliveredAttempt, { status: 'delivered', dueAt: null });
    expect(await stores.database('attempts').where({ delivery_id: delivery.deliveryId })).toEqual([]);
    expect((await stores.deliveries.find(tenantId, delivery.deliveryId))?.status).toBe('pending');
    expect(await stores.deliveries.attempts(stranger, delivery.deliveryId)).toEqual([]);
  });
});

describe('cancelling', () => {
  it('ends a pending delivery once', async () => {
    const { tenantId, delivery } = await pending();
    expect(await stores.deliveries.settleCancelled(tenantId, delivery.deliveryId)).toBe(true);
    expect(await stores.deliveries.settleCancelled(tenantId, delivery.deliveryId)).toBe(false);
    expect(await stores.deliveries.find(tenantId, delivery.deliveryId)).toMatchObject({
      status: 'cancelled',
      completedAt: expect.any(Date),
      nextAttemptAt: null,
    });
  });

  it('leaves a finished delivery as it is', async () => {
    const { tenantId, delivery } = await pending();
    await stores.deliveries.recordAttempt(delivery, deliveredAttempt, { status: 'delivered', dueAt: null });
    expect(await stores.deliveries.settleCancelled(tenantId, delivery.deliveryId)).toBe(false);
    expect((await stores.deliveries.find(tenantId, delivery.deliveryId))?.status).toBe('delivered');
  });

  it("does not reach another tenant's", async () => {
    const { delivery } = await pending();
    expect(await stores.deliveries.settleCancelled(await stores.tenant(), delivery.deliveryId)).toBe(false);
  });
});

describe('loading an attempt', () => {
  it('reads webhook, event, secrets and whether it was made before', async () => {
    const { tenantId, webhook, request, eventId } = await pending();
    const load = (number: number) => stores.deliveries.loadAttempt({ ...request, number });
    await stores.deliveries.recordAttempt(request, attempt(), { status: 'pending', dueAt: null });
    const loaded = await load(1);
    expect(loaded).toMatchObject({
      status: 'pending',
      contract: 'everhook',
      webhook: { id: webhook.id, targetUrl: webhook.targetUrl, timeoutMs: 3_000, silent: false },
      event: { id: eventId, type: 'everhook.test' },
      recorded: { errorClass: 'http_status', statusCode: 503 },
    });
    expect((await stores.webhooks.openSecrets(tenantId, loaded?.secrets ?? [])).signing).toHaveLength(1);
    expect((await load(2))?.recorded).toBeNull();
  });

  it('says when nothing may be sent: the webhook is disabled or deleted', async () => {
    const { tenantId, webhook, request } = await pending();
    const silent = async () => (await stores.deliveries.loadAttempt({ ...request, number: 1 }))?.webhook.silent;
    await stores.webhooks.update(tenantId, webhook.id, { disabled: true }, entry(tenantId, 'webhook.update'));
    expect(await silent()).toBe(true);
    await stores.webhooks.update(tenantId, webhook.id, { disabled: false }, entry(tenantId, 'webhook.update'));
    expect(await silent()).toBe(false);
    await stores.webhooks.remove(tenantId, webhook.id, entry(tenantId, 'webhook.delete'));
    expect(await silent()).toBe(true);
  });

  it("finds nothing under another tenant's name or an unknown id", async () => {
    const { request } = await pending();
    const stranger = await stores.tenant();
    expect(await stores.deliveries.loadAttempt({ ...request, tenantId: stranger, number: 1 })).toBeNull();
    expect(await stores.deliveries.loadAttempt({ ...request, deliveryId: newId(), number: 1 })).toBeNull();
  });
});

describe('listing deliveries', () => {
  const everyId = async (tenantId: string, query: object, limit: number) => {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await stores.deliveries.list(tenantId, { ...query, limit, ...(cursor && { cursor }) });
      expect(page.data.length).toBeLessThanOrEqual(limit);
      ids.push(...page.data.map((delivery) => delivery.deliveryId));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    return ids;
  };

  it.each([1, 3, 10, 20, 250])(
    'in pages of %d loses and doubles none, many being of one millisecond, newest first',
    async (limit) => {
      const tenantId = await stores.tenant();
      for (let turn = 0; turn < 4; turn += 1) await stores.webhook(tenantId);
      const { toStart } = await stores.events.publish(
        tenantId,
        Array.from({ length: 5 }, () => newEvent()),
      );
      const ids = await everyId(tenantId, {}, limit);
      expect(ids).toHaveLength(20);
      expect(ids).toEqual(
        toStart
          .map((delivery) => delivery.deliveryId)
          .sort()
          .reverse(),
      );
    },
  );

  it('shows no one what was made after the page before', async () => {
    const { tenantId } = await pending();
    await stores.publish(tenantId);
    const first = await stores.deliveries.list(tenantId, { limit: 1 });
    await new Promise((resolve) => setTimeout(resolve, 2));
    const { toStart } = await stores.publish(tenantId);
    const rest = await stores.deliveries.list(tenantId, { limit: 10, cursor: first.nextCursor ?? '' });
    expect(rest.data).toHaveLength(1);
    expect(rest.data.map((delivery) => delivery.deliveryId)).not.toContain(only(toStart).deliveryId);
  });

  it('by status, webhook, event, event type, and any of them together', async () => {
    const tenantId = await stores.tenant();
    const one = await stores.webhook(tenantId, { events: ['a', 'b'] });
    const two = await stores.webhook(tenantId, { events: ['a'] });
    const a = await stores.publish(tenantId, { type: 'a', eventId: 'event-a' });
    const b = await stores.publish(tenantId, { type: 'b', eventId: 'event-b' });
    const ofOne = a.toStart.find((delivery) => delivery.webhookId === one.id);
    if (!ofOne) throw new Error('no delivery to the first webhook');
    await stores.deliveries.recordAttempt(ofOne, deliveredAttempt, { status: 'delivered', dueAt: null });

    const ids = (list: { deliveryId: string }[]) => list.map(({ deliveryId }) => deliveryId).sort();
    const find = async (query: object) => (await everyId(tenantId, query, 50)).sort();
    const all = [...a.toStart, ...b.toStart];
    expect(await find({})).toEqual(ids(all));
    expect(await find({ status: 'delivered' })).toEqual([ofOne.deliveryId]);
    expect(await find({ status: 'pending' })).toEqual(ids(all.filter((delivery) => delivery !== ofOne)));
    expect(await find({ status: 'failed' })).toEqual([]);
    expect(await find({ webhookId: two.id })).toEqual(ids(all.filter((delivery) => delivery.webhookId === two.id)));
    expect(await find({ eventId: 'event-a' })).toEqual(ids(a.toStart));
    expect(await find({ eventId: 'unknown' })).toEqual([]);
    expect(await find({ eventType: 'b' })).toEqual(ids(b.toStart));
    expect(await find({ eventType: 'a', webhookId: one.id, status: 'delivered' })).toEqual([ofOne.deliveryId]);
    expect(await find({ eventType: 'b', webhookId: two.id })).toEqual([]);
  });

  it('by the class of the last error: of what failed, is tried again or was cancelled, not of what was delivered', async () => {
    const tenantId = await stores.tenant();
    await stores.webhook(tenantId);
    const after = async (...attempts: [Partial<AttemptRecord>, DeliveryStatus][]) => {
      const delivery = only((await stores.publish(tenantId)).toStart);
      for (const [index, [rest, status]] of attempts.entries()) {
        const made = attempt({ number: index + 1, ...rest });
        await stores.deliveries.recordAttempt(delivery, made, { status, dueAt: null });
      }
      return delivery.deliveryId;
    };
    const timeout = { errorClass: 'timeout', statusCode: null } as const;
    await after();
    const failed = await after([timeout, 'failed']);
    const triedAgain = await after([{}, 'pending'], [timeout, 'pending']);
    const cancelled = await after([timeout, 'pending']);
    await stores.deliveries.settleCancelled(tenantId, cancelled);
    const refused = await after([timeout, 'pending'], [{}, 'failed']);
    await after([timeout, 'pending'], [{ errorClass: null, statusCode: 200 }, 'delivered']);

    const find = async (query: object) => (await everyId(tenantId, query, 2)).sort();
    expect(await find({ errorClass: 'timeout' })).toEqual([failed, triedAgain, cancelled].sort());
    expect(await find({ errorClass: 'timeout', status: 'failed' })).toEqual([failed]);
    expect(await find({ errorClass: 'http_status' })).toEqual([refused]);
    expect(await find({ errorClass: 'tls_error' })).toEqual([]);
  });

  it('from an instant on, and up to but without another', async () => {
    const { tenantId, delivery } = await pending();
    const createdAt = (await stores.deliveries.find(tenantId, delivery.deliveryId))?.createdAt ?? new Date(0);
    const [before, after] = [new Date(createdAt.getTime() - 1), new Date(createdAt.getTime() + 1)];
    const found = async (query: object) => (await everyId(tenantId, query, 50)).length;
    expect(await found({ after: createdAt })).toBe(1);
    expect(await found({ after })).toBe(0);
    expect(await found({ before: createdAt })).toBe(0);
    expect(await found({ before: after })).toBe(1);
    expect(await found({ after: before, before: createdAt })).toBe(0);
    expect(await found({ after: new Date('1960-01-01'), before: new Date('9999-12-31') })).toBe(1);
    expect(await found({ before: new Date('1960-01-01') })).toBe(0);
  });

  it("shows nothing of another tenant, also by that tenant's ids or cursor", async () => {
    const { tenantId, webhook, eventId } = await pending();
    await stores.publish(tenantId);
    const { nextCursor } = await stores.deliveries.list(tenantId, { limit: 1 });
    const stranger = await stores.tenant();
    for (const query of [{}, { webhookId: webhook.id }, { eventId }, { cursor: nextCursor ?? '' }]) {
      expect((await stores.deliveries.list(stranger, { limit: 10, ...query })).data).toEqual([]);
    }
  });

  it.each(['', 'x', newId(), Buffer.from('x').toString('base64url'), `${Buffer.from(newId()).toString('base64url')}=`])(
    'refuses the cursor %j, which no list has given out',
    async (cursor) => {
      const tenantId = await stores.tenant();
      await expect(stores.deliveries.list(tenantId, { limit: 10, cursor })).rejects.toThrow(InvalidCursor);
    },
  );
});

describe('finding a delivery', () => {
  it("finds the tenant's own only", async () => {
    const { tenantId, delivery } = await pending();
    expect(await stores.deliveries.find(tenantId, delivery.deliveryId)).toMatchObject({ ...delivery });
    expect(await stores.deliveries.find(await stores.tenant(), delivery.deliveryId)).toBeNull();
    expect(await stores.deliveries.find(tenantId, newId())).toBeNull();
  });
});
